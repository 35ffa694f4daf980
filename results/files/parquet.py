"""Files and folders that are complete or absent; reads refuse damaged, unknown and newer tables."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import StoreError
from .limits import excess
from .schema import SCHEMA_VERSION, TABLE_KEY, VERSION_KEY, migrated
from .validate import broken_rule


class DamagedFileError(StoreError):
    """A damaged or unknown file. The message is only what was found, for callers to build on."""


class NewerSchemaError(StoreError):
    """An undamaged file of a schema version that this fusefront does not know."""


def write_table(
    path: Path,
    table: pa.Table,
    *,
    name: str,
    notes: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Write the table to `path`, completely or not at all.

    Args:
        path: An existing file is replaced, and missing folders are created.
        table: Written with page checksums, so that `read_table` detects a flipped bit.
        name: Which table it is. The name is kept in the footer and checked by `read_table`.
        notes: Further entries of the footer.
        options: Passed on to `pyarrow.parquet.ParquetWriter`.
    """
    settings: dict[str, Any] = {
        "compression": "zstd",
        "use_dictionary": False,
        "write_statistics": False,
        "write_page_checksum": True,
        # Arrow's own schema adds nothing to Parquet types, and would be a third of a part file.
        "store_schema": False,
    } | options
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **settings) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({TABLE_KEY: name, VERSION_KEY: str(SCHEMA_VERSION)})
        writer.add_key_value_metadata(dict(notes or {}))
    write_bytes(path, sink.getvalue())


def write_bytes(path: Path, data: "bytes | pa.Buffer") -> None:
    """Write `data` to a temporary file next to `path`, sync it to disk and rename it to `path`.

    Without the sync before the rename, a power cut can leave an empty file under the final name.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise a StoreError if the block cannot write to `path`: a full disk, no permission."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"`{path}` must be writable. Found: {error.strerror or error}. "
            "Free some space, or choose another directory."
        ) from error


def read_table(path: Path, *, name: str, schema: pa.Schema) -> pa.Table:
    """Read the table of `path` with all checksums, in the current schema.

    Raises:
        StoreError: If the file cannot be opened, for example without permission.
        DamagedFileError: If it is truncated or changed, or not a fusefront table called `name`.
        NewerSchemaError: If its schema version is newer than this fusefront.
    """
    return TableFile(path, name=name, schema=schema).read()


@final
class TableFile:
    """A fusefront table on disk, whose footer is read at once and whose rows are read later.

    The file is kept open, so that footer and rows belong together even if the file is replaced or
    deleted in between. Errors are those of `read_table`: errors in the footer are raised at once,
    errors in the rows by `read`.

    Attributes:
        notes: Entries of the footer, including the `notes` of `write_table`.
    """

    def __init__(self, path: Path, *, name: str, schema: pa.Schema) -> None:
        try:
            data = pa.OSFile(str(path))
        except OSError as error:
            found = os.strerror(error.errno) if error.errno else error
            raise StoreError(f"`{path}` must be readable. Found: {found}.") from error
        self._name, self._schema = name, schema
        with _errors_as_damage():
            # Without `pre_buffer` and threads, a part is read in less than two thirds of the time.
            self._file = pq.ParquetFile(data, page_checksum_verification=True, pre_buffer=False)
            self._version = _check_footer(path, self._file, name=name)
            metadata = self._file.metadata.metadata or {}
            self.notes = {key.decode(): value.decode() for key, value in metadata.items()}
        self._data = data

    def read(self) -> pa.Table:
        """Return the rows, in the current schema."""
        with _errors_as_damage():
            if too_large := excess(self._data):
                raise DamagedFileError(too_large)
            several = self._file.metadata.num_rows > 1
            table = self._file.read(use_threads=several).replace_schema_metadata(None)
            table.validate(full=True)  # Arrow does not check that texts are UTF-8 by itself
            table = migrated(table, name=self._name, version=self._version)
        if not table.schema.equals(self._schema):
            raise DamagedFileError(f"columns other than those of a fusefront table `{self._name}`")
        if broken := broken_rule(table):
            raise DamagedFileError(broken)
        return table


@contextlib.contextmanager
def _errors_as_damage() -> Iterator[None]:
    """Raise any error of Arrow for damaged bytes as `DamagedFileError`."""
    try:
        yield
    except StoreError:
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError, MemoryError) as error:
        raise DamagedFileError(f"a damaged file ({_first_line(error)})") from error


def file_name(name: str) -> str:
    """Return `name` as the stem of a file name: reversible, not hidden, without separators."""
    quoted = quote(name, safe=" []=,()+")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted


def _check_footer(path: Path, file: pq.ParquetFile, *, name: str) -> int:
    """Check which table the file is, and return the schema version that it was written in."""
    metadata = file.metadata.metadata or {}
    if metadata.get(TABLE_KEY) != name.encode():
        raise DamagedFileError(f"a Parquet file that is not a fusefront table `{name}`")
    version = int(metadata.get(VERSION_KEY, b"0"))
    check_version(path, version)
    return version


def check_version(path: Path, version: int) -> None:
    """Check that this fusefront knows a schema version.

    Raises:
        NewerSchemaError: If the version is newer.
    """
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"`{path}` must be of schema version {SCHEMA_VERSION} or older. Found {version}, "
            "written by a newer fusefront. Upgrade: `pip install --upgrade fusefront`."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:120].rstrip(".") or type(error).__name__


def _sync_folder(folder: Path) -> None:
    """Sync a folder, without which a rename may be lost in a power cut."""
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Yield a hidden folder next to `target`, which is renamed to `target` at the end of the block.

    If the block raises, the folder is removed and the target is unchanged. A process that is
    killed leaves the folder behind as `.NAME.….tmp`, which no command reads.

    Raises:
        StoreError: If the target is not new or empty, or cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(
            f"`{target}` must be new or empty, so that nothing is overwritten. Found files. "
            "Choose another folder."
        )
    place = Path(target.absolute())
    # Beside the target, since a rename is only atomic within a file system.
    folder = place.with_name(f".{place.name}.{uuid.uuid4().hex}.tmp")
    try:
        with _as_store_error(target):
            folder.mkdir(parents=True)
        yield folder
        with _as_store_error(target):
            if place.is_dir():
                place.rmdir()  # Windows cannot rename onto a folder, not even an empty one
            folder.replace(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _as_store_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"`{target}` must be writable. Found: {error.strerror or error}. Choose another folder."
        ) from error


def check_outside(target: Path, sources: list[Path]) -> None:
    """Refuse a target inside one of the sources, which writing it would change."""
    place = target.resolve()
    for source in sources:
        if source.is_dir() and place.is_relative_to(source.resolve()):
            raise StoreError(
                f"`{target}` must not be inside a source. Found it inside `{source}`. "
                "Choose another folder."
            )
