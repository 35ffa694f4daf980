"""Parts: one Parquet file per run, and one per problem, each either complete or absent.

Conversions to the long tables and back stay in Arrow, since pandas would turn missing integers
into floats and lists into arrays on the way.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import StoreError
from ..files.parquet import DamagedFileError, file_name, read_table, write_bytes
from ..files.parquet import write_table as write_table
from ..files.record import ProblemFacts, Record
from ..files.schema import NESTED, PART, RUNS, TABLES, from_frame, record_table
from ..results import Results

PARTS, PROBLEMS = "parts", "problems"
OUTDATED: Final = ("outdated", "superseded")
"""Folders of outdated runs: the current name, and the one until version 0.1."""
ENDING = ".parquet"
_PART_SIZE = 1 << 15
"""More bytes than a usual part has: a full disk often still takes a few."""
_NAMED = 20
"""Maximum number of damaged files that an error names."""
_KEYS = ["run_id", "problem", "algorithm", "display_name", "seed"]


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
        DamagedFileError: If it is damaged, or contains a run that does not match its name.
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
    """Check that a part can be written to `directory`, which is created if it does not exist.

    Raises:
        StoreError: If it is a file, is not permitted, or the disk is full.
    """
    probe = directory / PARTS / ".probe"
    write_bytes(probe, bytes(_PART_SIZE))
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


def long_tables(parts: Sequence[pa.Table], order: Sequence[str]) -> dict[str, pa.Table]:
    """Return all tables except `problems`, with runs sorted by the columns `order`.

    `scores` is empty. The rows of a run keep the order that they have in its part.
    """
    rows = pa.concat_tables([PART.empty_table(), *parts])
    rows = rows.sort_by([(name, "ascending") for name in order]).combine_chunks()
    tables = {name: _unfold(rows, name) for name in NESTED}
    tables["fronts"] = _with_preferences(tables["fronts"], tables["points"])
    tables["runs"] = rows.select(RUNS.names)
    tables["scores"] = TABLES["scores"].empty_table()
    return {name: table.select(TABLES[name].names) for name, table in tables.items()}


def part_tables(results: Results) -> Iterator[pa.Table]:
    """Yield the one-row part table of every run."""
    nested = {name: _by_run(results, name) for name in NESTED}
    for run in from_frame(results.runs, "runs").to_pylist():
        inside = {name: rows.get(run["run_id"], []) for name, rows in nested.items()}
        yield pa.Table.from_pylist([run | inside], schema=PART)


def _unfold(rows: pa.Table, name: str) -> pa.Table:
    """Return a nested column as a long table, one row per entry, with the keys of its run."""
    column = _array(rows.column(name))
    entries = pc.list_flatten(column)
    table = rows.select(_KEYS).take(pc.list_parent_indices(column))
    for field, values in zip(entries.type, entries.flatten(), strict=True):
        table = table.append_column(field, values)
    return table


def _with_preferences(fronts: pa.Table, points: pa.Table) -> pa.Table:
    """Return the fronts with the preference of the point of each row.

    Parts store it once per point and not once per task. A dictionary is used because Arrow cannot
    join tables that have list columns.
    """
    place = {
        key: row
        for row, key in enumerate(
            zip(points["run_id"].to_pylist(), points["point"].to_pylist(), strict=True)
        )
    }
    keys = zip(fronts["run_id"].to_pylist(), fronts["point"].to_pylist(), strict=True)
    rows = pa.array([place.get(key) for key in keys], type=pa.int64())
    preferences = _array(points["preference"]).take(rows)
    return fronts.append_column("preference", preferences)


def _array(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.combine_chunks()
    return chunks if isinstance(chunks, pa.Array) else pa.concat_arrays(chunks.chunks)


def _by_run(results: Results, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a long table as the nested entries of each run's part, by run id."""
    inside = [field.name for field in NESTED[name]]
    table = from_frame(getattr(results, name), name).select(["run_id", *inside])
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row.pop("run_id")].append(row)
    return found
