"""Compacted tables: the rows of all parts in a few files, read instead of the parts they were."""

import json
import os
from pathlib import Path
from typing import Final, final

import pyarrow as pa

from ...errors import StoreError
from ..files.parquet import DamagedFileError, TableFile, write_table
from ..files.schema import FILES, STAMPS, TABLES
from ..results import Results
from .parts import ENDING, PARTS

COMPACTED: Final = ("runs", "fronts", "points", "traces", "scores", "problems")
FOLDER: Final = "tables"
_STAMPS: Final = "parts"
_WRITTEN, _SCORER = "fusefront.written", "fusefront.scorer"
_TEXTS: Final = frozenset(
    (
        *("run_id", "problem", "algorithm", "parameters", "display_name", "status", "task"),
        *("reason", "output", "problem_hash", "versions", "machine", "device", "labels"),
        *("metric", "reference", "space", "model"),
    )
)
"""Columns whose texts are repeated."""


def part_files(directory: Path) -> pa.Table:
    """Size and time of the file of every part, by run id, as `schema.FILES`; none is opened."""
    rows = []
    try:
        entries = os.scandir(directory / PARTS)
    except FileNotFoundError:
        return FILES.empty_table()
    with entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.endswith(ENDING):
                continue
            try:
                about = entry.stat()
            except FileNotFoundError:  # set aside since it was listed
                continue
            rows.append((entry.name[: -len(ENDING)], about.st_size, about.st_mtime_ns))
    columns = zip(*rows, strict=True) if rows else ([],) * len(FILES)
    arrays = [pa.array(c, field.type) for c, field in zip(columns, FILES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=FILES).sort_by("run_id")


def unchanged(files: pa.Table, others: pa.Table) -> set[str]:
    """Ids of the parts that have the same file in both."""
    rows = (
        set(zip(*(column.to_pylist() for column in table.columns), strict=True))
        for table in (files, others)
    )
    return {run_id for run_id, *_ in set.intersection(*rows)}


def compact(directory: Path, results: Results, stamps: pa.Table, *, scorer: str = "") -> Path:
    """Write the tables to `directory/tables/`; the parts stay the truth.

    Args:
        directory: A run directory.
        results: What its parts hold.
        stamps: Of the parts, as `schema.STAMPS`; the files from before they were read.
        scorer: Digest of what the scores were derived by.
    """
    folder = directory / FOLDER
    for name in COMPACTED:
        table = results.arrow(name)
        texts = [column for column in table.column_names if column in _TEXTS]
        write_table(folder / f"{name}.parquet", table, name=name, use_dictionary=texts)
    notes = {_SCORER: scorer, _WRITTEN: _stamps_of_tables(folder)}
    write_table(folder / f"{_STAMPS}.parquet", stamps, name=_STAMPS, notes=notes)
    return folder


@final
class Compacted:
    """The compacted tables of a run directory, opened.

    Attributes:
        stamps: Of the parts that they were made of, as `schema.STAMPS`.
        scorer: Digest of what their scores were derived by.
    """

    def __init__(self, directory: Path) -> None:
        folder = directory / FOLDER
        schemas = {name: TABLES[name] for name in COMPACTED}
        self._files = {
            name: TableFile(folder / f"{name}.parquet", name=name, schema=schema)
            for name, schema in ({_STAMPS: STAMPS} | schemas).items()
        }
        notes = self._files[_STAMPS].notes
        if notes.get(_WRITTEN) != _stamps_of_tables(folder):
            raise DamagedFileError("tables that were written since, or before")
        self._folder = folder
        self.scorer = notes.get(_SCORER, "")
        self.stamps = self._files[_STAMPS].read()

    @classmethod
    def find(cls, directory: Path) -> "Compacted | None":
        """Those of the directory; None unless they are there, whole and of one compaction."""
        try:
            return cls(directory)
        except (StoreError, OSError):
            return None

    def read(self, name: str) -> pa.Table:
        """The table `name`.

        Raises:
            StoreError: If it is damaged.
        """
        try:
            return self._files[name].read()
        except DamagedFileError as error:
            path = self._folder / f"{name}.parquet"
            raise StoreError(
                f"`{path}` must be a whole table `{name}`. Found {error}. Delete "
                f"`{self._folder}`: it is made anew from the parts."
            ) from error


def discard_damaged(directory: Path) -> None:
    """Take compacted tables out of use of which any is damaged: the parts have all they had."""
    found = Compacted.find(directory)
    if found is None:
        return
    try:
        for name in COMPACTED:
            found.read(name)
    except StoreError:
        (directory / FOLDER / f"{_STAMPS}.parquet").unlink(missing_ok=True)


def _stamps_of_tables(folder: Path) -> str:
    """Size and time of each table, as text: those of one compaction."""
    about = [(folder / f"{name}.parquet").stat() for name in COMPACTED]
    return json.dumps([[a.st_size, a.st_mtime_ns] for a in about])
