"""Migrations: tables of older schema versions brought to that of today, never written back."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc


def migrated(table: pa.Table, *, name: str, version: int) -> pa.Table:
    """A table written in an older schema version as today's version has it.

    Args:
        table: As it was read.
        name: What the table is: `part`, or a name of `schema.TABLES`.
        version: That it was written in.
    """
    for since, migrate in _MIGRATIONS.items():
        if version < since:
            table = migrate(table, name)
    return table


def _with_costs(table: pa.Table, name: str) -> pa.Table:
    """Version 2: more costs; until then every answer was a model, one pass an input."""
    if name not in {"part", "runs"}:
        return table
    done = pc.equal(table.column("status"), "done")
    one = pa.scalar(1.0, pa.float64())
    new = {
        "rss_bytes": pa.nulls(len(table), pa.int64()),
        "flops": pa.nulls(len(table), pa.int64()),
        "energy_joules": pa.nulls(len(table), pa.float64()),
        "inference_passes": pc.if_else(done, one, pa.scalar(None, pa.float64())),
    }
    for column, after in zip(
        new, ("peak_bytes", "rss_bytes", "flops", "storage_bytes"), strict=True
    ):
        place = table.schema.get_field_index(after) + 1
        table = table.add_column(place, column, new[column])
    return table


_MIGRATIONS: Final[dict[int, Callable[[pa.Table, str], pa.Table]]] = {2: _with_costs}
"""By the version that each leads to, in order."""
