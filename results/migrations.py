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


def _with_inference_passes(table: pa.Table, name: str) -> pa.Table:
    """Version 2: `inference_passes`; until then every answer was a model, one pass an input."""
    if name not in {"part", "runs"}:
        return table
    one = pa.scalar(1.0, pa.float64())
    found = pc.if_else(pc.equal(table.column("status"), "done"), one, pa.scalar(None, pa.float64()))
    return table.add_column(
        table.schema.get_field_index("storage_bytes") + 1, "inference_passes", found
    )


_MIGRATIONS: Final[dict[int, Callable[[pa.Table, str], pa.Table]]] = {2: _with_inference_passes}
"""By the version that each leads to, in order."""
