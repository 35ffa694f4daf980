"""Parts: one Parquet file per run, and one per problem, each either complete or absent."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from ...errors import StoreError
from ..files.parquet import DamagedFileError, file_name, read_table, write_bytes
from ..files.parquet import write_table as write_table
from ..files.record import ProblemFacts, Record
from ..files.schema import PART, TABLES, record_table

PARTS, PROBLEMS = "parts", "problems"
OUTDATED: Final = ("outdated", "superseded")
"""Folders of outdated runs: the current name, and the one until version 0.1."""
ENDING = ".parquet"
_NAMED = 20
"""Maximum number of damaged files that an error names."""


def write_part(directory: Path, record: Record) -> Path:
    """Write the run to `directory/parts/<run_id>.parquet`; a part of the same run is replaced."""
    path = part_path(directory, record.run_id)
    write_table(path, record_table(record), name="part")
    return path


def part_path(directory: Path, run_id: str) -> Path:
    """Return the path of the part of a run, which need not exist."""
    return directory / PARTS / f"{run_id}.parquet"


def write_problem(directory: Path, facts: ProblemFacts) -> Path:
    """Write the anchors and labels of a problem to `directory/problems/<problem>.parquet`."""
    common = {
        "problem": facts.problem,
        "problem_hash": facts.problem_hash,
        "labels": facts.labels,
    }
    rows = [row._asdict() | common for row in facts.anchors]
    path = directory / PROBLEMS / f"{file_name(facts.problem)}.parquet"
    write_table(path, pa.Table.from_pylist(rows, schema=TABLES["problems"]), name="problems")
    return path


def part_ids(directory: Path, folder: str = PARTS) -> list[str]:
    """Return the sorted ids of the runs that have a part in a folder; no file is opened."""
    try:
        names = os.listdir(directory / folder)  # noqa: PTH208 - names alone, in a tenth of the time
    except FileNotFoundError:
        return []
    return sorted(n.removesuffix(ENDING) for n in names if n.endswith(ENDING) and n[0] != ".")


def read_part(path: Path) -> pa.Table:
    """Return the one-row table of a part.

    Raises:
        DamagedFileError: If it is damaged, or the part of another run than its name says.
        NewerSchemaError: If a newer fusefront wrote it.
    """
    table = read_table(path, name="part", schema=PART)
    found = table.column("run_id").to_pylist()
    if found != [path.stem]:
        raise DamagedFileError(f"another run's row ({', '.join(found) or 'none'})")
    return table


def read_parts(directory: Path) -> list[pa.Table]:
    """Return the one-row tables of all parts, sorted by run id.

    Raises:
        StoreError: If any part is damaged. All parts are read first, so that the message names
            every damaged one (up to 20).
    """
    return _read_all(directory, PARTS, read_part)


def read_problems(directory: Path) -> list[pa.Table]:
    """Return the tables of all problems, sorted by file name; errors as in `read_parts`."""
    return _read_all(directory, PROBLEMS, _read_problem)


def set_aside_damaged_problems(directory: Path) -> list[Path]:
    """Rename damaged problem tables to `*.damaged` and return the new paths.

    Raises:
        StoreError: If one is of a newer schema or cannot be read.
    """
    moved = []
    for path in _files(directory, PROBLEMS):
        try:
            _read_problem(path)
        except DamagedFileError:
            moved.append(set_aside(path))
    return moved


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `*.damaged`, so that it is computed again, and return the new path.

    Raises:
        StoreError: If that is not permitted.
    """
    target = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(target)
    except OSError as error:
        raise StoreError(
            f"`{path}` is damaged and must be renamed. Found: {error.strerror}. "
            "Move it away manually."
        ) from error
    return target


def check_writable(directory: Path) -> None:
    """Check that parts can be written to `directory`, which is created if it does not exist.

    Raises:
        StoreError: If it is a file, is not permitted, or the disk is full.
    """
    probe = directory / PARTS / ".probe"
    write_bytes(probe, b"fusefront")
    probe.unlink(missing_ok=True)  # another coordinator may check at the same time


def _files(directory: Path, folder: str) -> list[Path]:
    # Leftovers, such as `.x.parquet.….tmp` and `x.parquet.damaged`, do not end in `.parquet`.
    return sorted((directory / folder).glob("[!.]*.parquet"))


def _read_problem(path: Path) -> pa.Table:
    return read_table(path, name="problems", schema=TABLES["problems"])


def _read_all(directory: Path, folder: str, reader: Callable[[Path], pa.Table]) -> list[pa.Table]:
    tables, damaged, first = [], [], ""
    for path in _files(directory, folder):
        try:
            tables.append(reader(path))
        except DamagedFileError as error:
            first = first or str(error)
            damaged.append(f"`{folder}/{path.name}`")
    if damaged:
        raise damage(damaged, first, folder)
    return tables


def damage(files: Sequence[str], found: str, folder: str = PARTS) -> StoreError:
    """Return the error for damaged files of a folder; `found` describes the first one."""
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    kind, rest = ("part", "run") if folder == PARTS else ("problem table", "file")
    return StoreError(
        f"{', '.join(files[:_NAMED])}{more} must be an intact fusefront {kind}. Found {found}. "
        f"Every other {rest} is intact. Run the same `fusefront run` command again: "
        f"it renames the file and computes that {rest} again."
    )
