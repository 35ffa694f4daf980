"""Migrations: pure functions that bring tables of older schema versions up to the current one."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc


def migrated(table: pa.Table, *, name: str, version: int) -> pa.Table:
    """Return a table of an older schema version in the current version.

    Args:
        table: As it was read. Migrations run on read and are never written back, so that files
            and their hashes stay as they are.
        name: Which table it is: `part`, or a name of `schema.TABLES`.
        version: The schema version that it was written in.
    """
    for since, migrate in _MIGRATIONS.items():
        if version < since:
            table = migrate(table, name)
    return table


def _add_costs(table: pa.Table, name: str) -> pa.Table:
    """Version 2 added more costs; before it, every fit returned models that cost one pass."""
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


def _rename_root_seed(table: pa.Table, name: str) -> pa.Table:
    """Version 3 renamed `study_seed`, which was easily taken for the seed of a run."""
    if name not in {"part", "runs"}:
        return table
    names = ["root_seed" if n == "study_seed" else n for n in table.column_names]
    return table.rename_columns(names)


_MIGRATIONS: Final[dict[int, Callable[[pa.Table, str], pa.Table]]] = {
    2: _add_costs,
    3: _rename_root_seed,
}
"""By the version that each leads to, in ascending order: each relies on those before it."""
