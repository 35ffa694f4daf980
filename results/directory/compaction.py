"""Compacted tables: the rows of all parts in a few files, which are read instead of the parts.

Opening a hundred thousand small files takes minutes, while listing them takes a second. So each
compaction records the size and modification time of every part, and a later read opens only the
parts whose file differs from its record. Parts remain authoritative: compacted tables can be
deleted.
"""

import json
import os
from pathlib import Path
from typing import Final, final

import pyarrow as pa

from ...errors import StoreError
from ..files.parquet import DamagedFileError, TableFile, write_table
from ..files.schema import FILE_STATS, PART_FILES, TABLES
from ..results import Results
from .parts import ENDING, PARTS

COMPACTED: Final = ("runs", "fronts", "points", "traces", "milestones", "scores", "problems")
FOLDER: Final = "tables"
_PARTS_TABLE: Final = "parts"
_WRITTEN, _SCORER = "fusefront.written", "fusefront.scorer"
_TEXTS: Final = frozenset(
    (
        *("run_id", "problem", "algorithm", "parameters", "display_name", "status", "task"),
        *("reason", "output", "problem_hash", "versions", "machine", "device", "labels"),
        *("metric", "reference", "space", "model", "anchor", "delivery"),
    )
)
"""Columns with repeated texts, for which dictionaries save space; other texts are unique."""


def file_stats(directory: Path) -> pa.Table:
    """Return size and time of the file of every part, sorted by run id, as `schema.FILE_STATS`."""
    rows = []
    try:
        entries = os.scandir(directory / PARTS)
    except FileNotFoundError:
        return FILE_STATS.empty_table()
    with entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.endswith(ENDING):
                continue
            try:
                about = entry.stat()
            except FileNotFoundError:  # another process moved it since it was listed
                continue
            rows.append((entry.name[: -len(ENDING)], about.st_size, about.st_mtime_ns))
    columns = zip(*rows, strict=True) if rows else ([],) * len(FILE_STATS)
    arrays = [pa.array(c, field.type) for c, field in zip(columns, FILE_STATS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=FILE_STATS).sort_by("run_id")


def unchanged(files: pa.Table, others: pa.Table) -> set[str]:
    """Return the ids of the parts that have the same file, by size and time, in both tables."""
    rows = (
        set(zip(*(column.to_pylist() for column in table.columns), strict=True))
        for table in (files, others)
    )
    return {run_id for run_id, *_ in set.intersection(*rows)}


def compact(directory: Path, results: Results, part_files: pa.Table, *, scorer: str = "") -> Path:
    """Write the tables to `directory/tables/` and return that folder.

    Args:
        directory: A run directory.
        results: The rows of its parts, with scores.
        part_files: `schema.PART_FILES` of the parts. Sizes and times must be from before the parts
            were read, so that a part that is replaced in between is read again next time.
        scorer: Digest of the code that derived the scores.
    """
    folder = directory / FOLDER
    for name in COMPACTED:
        table = results.arrow(name)
        texts = [column for column in table.column_names if column in _TEXTS]
        write_table(folder / f"{name}.parquet", table, name=name, use_dictionary=texts)
    # The record of the parts comes last: until it is replaced, `CompactedTables` sees that the
    # other files are not the ones that it describes, and the parts are read.
    notes = {_SCORER: scorer, _WRITTEN: _file_stats_of_tables(folder)}
    write_table(folder / f"{_PARTS_TABLE}.parquet", part_files, name=_PARTS_TABLE, notes=notes)
    return folder


@final
class CompactedTables:
    """The compacted tables of a run directory, with their files open.

    Attributes:
        part_files: The parts that they were made of, as `schema.PART_FILES`.
        scorer: Digest of the code that derived their scores.
    """

    def __init__(self, directory: Path) -> None:
        folder = directory / FOLDER
        schemas = {name: TABLES[name] for name in COMPACTED}
        self._files = {
            name: TableFile(folder / f"{name}.parquet", name=name, schema=schema)
            for name, schema in ({_PARTS_TABLE: PART_FILES} | schemas).items()
        }
        notes = self._files[_PARTS_TABLE].notes
        # Compared after all files were opened: if another process compacts meanwhile, the files on
        # disk are no longer those that the record of the parts describes.
        if notes.get(_WRITTEN) != _file_stats_of_tables(folder):
            raise DamagedFileError("tables of another compaction")
        self._folder = folder
        self.scorer = notes.get(_SCORER, "")
        self.part_files = self._files[_PARTS_TABLE].read()

    @classmethod
    def find(cls, directory: Path) -> "CompactedTables | None":
        """Open the tables of the directory, or return None unless all belong together."""
        try:
            return cls(directory)
        except (StoreError, OSError):
            return None

    def read(self, name: str) -> pa.Table:
        """Return the table called `name`.

        Raises:
            StoreError: If it is damaged.
        """
        try:
            return self._files[name].read()
        except DamagedFileError as error:
            path = self._folder / f"{name}.parquet"
            raise StoreError(
                f"`{path}` must be an intact table `{name}`. Found {error}. Delete "
                f"`{self._folder}`: it can be made again from the parts."
            ) from error


def discard_damaged(directory: Path) -> None:
    """Delete the record of the parts if any compacted table is damaged, so that none is used.

    Nothing is lost, since the parts hold all rows.
    """
    found = CompactedTables.find(directory)
    if found is None:
        return
    try:
        for name in COMPACTED:
            found.read(name)
    except StoreError:
        discard(directory)


def discard(directory: Path) -> None:
    """Delete the record of the parts, without which no compacted table is used."""
    (directory / FOLDER / f"{_PARTS_TABLE}.parquet").unlink(missing_ok=True)


def _file_stats_of_tables(folder: Path) -> str:
    """Return size and time of each table as text, which identifies one compaction."""
    about = [(folder / f"{name}.parquet").stat() for name in COMPACTED]
    return json.dumps([[a.st_size, a.st_mtime_ns] for a in about])
