"""Whole files or none: atomic writes, and reads that refuse what is damaged, foreign or newer."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import StoreError
from .migrations import migrated
from .schema import SCHEMA_VERSION, TABLE_KEY, VERSION_KEY


class DamagedFileError(StoreError):
    """A file that is not a whole fusefront table; the message says only what was found."""


class NewerSchemaError(StoreError):
    """A whole file of a schema this version of fusefront does not know."""


def write_table(
    path: Path,
    table: pa.Table,
    *,
    name: str,
    notes: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Write the table to `path`, whole or not at all.

    Args:
        path: Replaced if it exists; its folder is made if it does not.
        table: Written with page checksums, so that `read_table` sees a flipped bit.
        name: What the table is, kept in the footer and asked for by `read_table`.
        notes: More to keep in the footer.
        options: Passed on to `pyarrow.parquet.ParquetWriter`.
    """
    settings: dict[str, Any] = {
        "compression": "zstd",
        "use_dictionary": False,
        "write_statistics": False,
        "write_page_checksum": True,
        "store_schema": False,  # our types are Parquet's own; the copy would be a third of a part
    } | options
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **settings) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({TABLE_KEY: name, VERSION_KEY: str(SCHEMA_VERSION)})
        writer.add_key_value_metadata(dict(notes or {}))
    write_bytes(path, sink.getvalue())


def write_bytes(path: Path, data: "bytes | pa.Buffer") -> None:
    """Write `data` to `path` through a temporary file beside it, synced to disk, then renamed."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"`{path}` must be writable. Found: {error.strerror or error}. "
            "Free some space or choose another directory."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_table(path: Path, *, name: str, schema: pa.Schema) -> pa.Table:
    """The whole table of `path`, checksums verified, in the schema of today.

    Raises:
        StoreError: If the file cannot be read at all, as without permission.
        DamagedFileError: If it is truncated, altered, or no fusefront table called `name`.
        NewerSchemaError: If its schema version is above ours.
    """
    return TableFile(path, name=name, schema=schema).read()


@final
class TableFile:
    """A fusefront table on disk: the footer is read now, the rows when they are asked for.

    The file is kept open, so that the rows are those of the footer even if it is replaced or
    deleted meanwhile. Errors are those of `read_table`, of the footer now and of the rows then.

    Attributes:
        notes: What `write_table` was given as such.
    """

    def __init__(self, path: Path, *, name: str, schema: pa.Schema) -> None:
        try:
            data = pa.OSFile(str(path))
        except OSError as error:
            found = os.strerror(error.errno) if error.errno else error
            raise StoreError(f"`{path}` must be readable. Found: {found}.") from error
        self._name, self._schema = name, schema
        with _told_as_damage():
            self._file = pq.ParquetFile(data, page_checksum_verification=True)
            self._version = _check_footer(path, self._file, name=name)
        metadata = self._file.metadata.metadata or {}
        self.notes = {key.decode(): value.decode() for key, value in metadata.items()}

    def read(self) -> pa.Table:
        """The rows, in the schema of today."""
        with _told_as_damage():
            table = self._file.read().replace_schema_metadata(None)
            table = migrated(table, name=self._name, version=self._version)
        if not table.schema.equals(self._schema):
            raise DamagedFileError(f"other columns than those of a fusefront table `{self._name}`")
        return table


@contextlib.contextmanager
def _told_as_damage() -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise DamagedFileError(f"a damaged file ({_first_line(error)})") from error


def file_name(name: str) -> str:
    """`name` as the stem of a file: unambiguous, visible and without a path in it."""
    quoted = quote(name, safe=" []=,()+")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted


def _check_footer(path: Path, file: pq.ParquetFile, *, name: str) -> int:
    """The schema version the file was written in."""
    metadata = file.metadata.metadata or {}
    if metadata.get(TABLE_KEY) != name.encode():
        raise DamagedFileError(f"a Parquet file that is no fusefront table `{name}`")
    version = int(metadata.get(VERSION_KEY, b"0"))
    check_version(path, version)
    return version


def check_version(path: Path, version: int) -> None:
    """Refuse what was written in a schema version above ours.

    Raises:
        NewerSchemaError: If it was.
    """
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"`{path}` must be of schema version {SCHEMA_VERSION} or older. Found {version}, "
            "written by a newer fusefront. Upgrade: `pip install --upgrade fusefront`."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:120].rstrip(".") or type(error).__name__


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
