"""Between one-row part tables and the long tables, in both directions, in Arrow throughout."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .directory.parts import PROBLEMS, part_path
from .files.atomic import staged
from .files.parquet import file_name, write_table
from .files.schema import NESTED, PART, RUNS, TABLES, from_frame
from .results import Results

_KEYS = ["run_id", "problem", "algorithm", "display_name", "seed"]


def long_tables(parts: Sequence[pa.Table], order: Sequence[str]) -> dict[str, pa.Table]:
    """All tables but `problems`, runs sorted by the columns `order`; `scores` is empty.

    Rows within a run keep the order of its part.
    """
    rows = pa.concat_tables([PART.empty_table(), *parts])
    rows = rows.sort_by([(name, "ascending") for name in order]).combine_chunks()
    tables = {name: _unfold(rows, name) for name in NESTED}
    tables["fronts"] = _with_preferences(tables["fronts"], tables["points"])
    tables["runs"] = rows.select(RUNS.names)
    tables["scores"] = TABLES["scores"].empty_table()
    return {name: table.select(TABLES[name].names) for name, table in tables.items()}


def _unfold(rows: pa.Table, name: str) -> pa.Table:
    column = _array(rows.column(name))
    entries = pc.list_flatten(column)
    table = rows.select(_KEYS).take(pc.list_parent_indices(column))
    for field, values in zip(entries.type, entries.flatten(), strict=True):
        table = table.append_column(field, values)
    return table


def _with_preferences(fronts: pa.Table, points: pa.Table) -> pa.Table:
    """The fronts with the preference of each row's point, by run and point."""
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


def unpack(results: Results, directory: Path) -> Path:
    """Write a part for every run and the tables of the problems to a new or empty directory.

    `fusefront run -o` with the same study then finds those runs there. Archives hold no per-example
    outcomes: those of unpacked runs are empty.

    Returns:
        The directory.

    Raises:
        StoreError: If the directory is not empty, or cannot be written.
    """
    with staged(directory) as folder:
        for table in part_tables(results):
            (run_id,) = table.column("run_id").to_pylist()
            write_table(part_path(folder, run_id), table, name="part")
        for problem, rows in results.problems.groupby("problem", sort=False):
            path = folder / PROBLEMS / f"{file_name(str(problem))}.parquet"
            write_table(path, from_frame(rows, "problems"), name="problems")
    return directory


def part_tables(results: Results) -> Iterator[pa.Table]:
    """The one-row table of every run, as its part has it."""
    nested = {name: _by_run(results, name) for name in NESTED}
    for run in from_frame(results.runs, "runs").to_pylist():
        inside = {name: rows.get(run["run_id"], []) for name, rows in nested.items()}
        yield pa.Table.from_pylist([run | inside], schema=PART)


def _by_run(results: Results, name: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a long table as the entries of each run's part."""
    inside = [field.name for field in NESTED[name]]
    table = from_frame(getattr(results, name), name).select(["run_id", *inside])
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row.pop("run_id")].append(row)
    return found
