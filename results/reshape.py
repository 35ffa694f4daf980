"""Conversion between one-row part tables and the long tables, in Arrow throughout.

pandas would turn missing integers into floats and lists into arrays on the way.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .files.schema import NESTED, PART, RUNS, TABLES, from_frame
from .results import Results

_KEYS = ["run_id", "problem", "algorithm", "display_name", "seed"]


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
