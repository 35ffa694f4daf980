"""One-row part tables unfolded into the long tables, in Arrow throughout."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from .schema import NESTED, PART, RUNS, TABLES

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
