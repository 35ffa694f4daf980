"""Arrow schemas of all tables and of parts, and the migrations of older versions to them."""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .record import Record as Record

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 5
TABLE_KEY, VERSION_KEY = b"fusefront.table", b"fusefront.schema_version"

_STRING, _INT, _SMALL, _FLOAT = pa.string(), pa.int64(), pa.int32(), pa.float64()
_VECTOR = pa.list_(_FLOAT)


def _required(**columns: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=False) for name, kind in columns.items()]


def _optional(**columns: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind) for name, kind in columns.items()]


RUNS = pa.schema(
    [
        *_required(run_id=_STRING, problem=_STRING, algorithm=_STRING, parameters=_STRING),
        *_required(display_name=_STRING, seed=_INT, root_seed=_INT, status=_STRING),
        *_optional(reason=_STRING, error_class=_STRING, error_message=_STRING, traceback=_STRING),
        *_optional(budget_units=_INT),
        *_required(units=_INT, labelled_examples=_INT, unlabelled_examples=_INT),
        *_required(validation_evaluations=_INT, gradient_steps=_INT, model_builds=_INT),
        *_optional(output=_STRING),
        *_optional(peak_bytes=_INT, rss_bytes=_INT, flops=_INT, energy_joules=_FLOAT),
        *_optional(trainable_parameters=_INT, storage_bytes=_INT),
        *_optional(inference_passes=_FLOAT, delivery=_STRING),
        *_optional(wall_seconds=_FLOAT, load_seconds=_FLOAT),
        *_optional(rehearsal_seconds=_FLOAT, score_seconds=_FLOAT),
        *_required(problem_hash=_STRING, protocol_version=_INT, versions=_STRING),
        *_required(machine=_STRING, threads=_INT, device=_STRING, started=_STRING),
    ]
)

_KEYS = _required(
    run_id=_STRING, problem=_STRING, algorithm=_STRING, display_name=_STRING, seed=_INT
)
_POINT = _required(point=_SMALL)
_FRONT = [
    *_required(task=_STRING),
    *_optional(value=_FLOAT, loss=_FLOAT, objective=_FLOAT),
    *_required(n=_SMALL),
    *_optional(validation_value=_FLOAT, validation_loss=_FLOAT),
    *_optional(own_value=_FLOAT, own_loss=_FLOAT, own_objective=_FLOAT),
    *_optional(calibration_error=_FLOAT, agreement=_FLOAT),
]
_POINTS = [
    *_optional(preference=_VECTOR, space=_STRING, coefficients=_VECTOR, shape=pa.list_(_SMALL)),
    *_optional(anchor=_STRING),
]
_MILESTONE = [
    *_required(units=_INT),
    *_optional(wall_seconds=_FLOAT),
    *_POINT,
    *_required(task=_STRING),
    *_optional(value=_FLOAT, objective=_FLOAT, validation_value=_FLOAT),
]
_TRACE = [
    *_required(units=_INT),
    *_optional(wall_seconds=_FLOAT),
    *_required(metric=_STRING),
    *_optional(value=_FLOAT),
]
_OUTCOME = _required(task=_STRING, n=_SMALL, packed=pa.binary())

# The nested columns of a part are the long tables below without the columns that name the run.
NESTED = {
    "fronts": pa.struct([*_POINT, *_FRONT]),
    "points": pa.struct([*_POINT, *_POINTS]),
    "traces": pa.struct(_TRACE),
    "outcomes": pa.struct([*_POINT, *_OUTCOME]),
    "milestones": pa.struct(_MILESTONE),
}
PART = pa.schema([*RUNS, *(pa.field(name, pa.list_(kind)) for name, kind in NESTED.items())])

# The long tables, as they are compacted, archived and loaded. All but `runs`, `scores` and
# `problems` come from the nested columns.
TABLES = {
    "runs": RUNS,
    "fronts": pa.schema([*_KEYS, *_POINT, *_optional(preference=_VECTOR), *_FRONT]),
    "points": pa.schema([*_KEYS, *_POINT, *_POINTS]),
    "traces": pa.schema([*_KEYS, *_TRACE]),
    "scores": pa.schema(
        [*_KEYS, *_required(metric=_STRING), *_optional(value=_FLOAT, reference=_STRING)]
    ),
    "problems": pa.schema(
        [
            *_required(problem=_STRING, model=_STRING, task=_STRING),
            *_optional(value=_FLOAT, loss=_FLOAT),
            *_required(n=_SMALL),
            *_optional(resolution=_FLOAT),
            *_required(problem_hash=_STRING, labels=_STRING),
        ]
    ),
    "outcomes": pa.schema([*_KEYS, *_POINT, *_OUTCOME]),
    "milestones": pa.schema([*_KEYS, *_MILESTONE]),
}

# Size and modification time of the file of each part, and the same for the parts that compacted
# tables were made of, with the display name in each part. Times are in nanoseconds.
FILE_STATS = pa.schema(_required(run_id=_STRING, bytes=_INT, modified_ns=_INT))
PART_FILES = pa.schema([*FILE_STATS, *_required(display_name=_STRING)])
STORED = TABLES | {"parts": PART_FILES}


def record_table(record: Record) -> pa.Table:
    """Return a run as a one-row table, in the schema `PART`."""
    row = {field.name: getattr(record, field.name) for field in fields(record)}
    for name in NESTED:
        row[name] = [entry._asdict() for entry in row[name]]
    return pa.Table.from_pylist([row], schema=PART)


def to_frame(table: pa.Table) -> "pd.DataFrame":
    """Return the table as a frame, with nullable integers and with numpy arrays as list cells."""
    frame: pd.DataFrame = table.to_pandas()
    for field in table.schema:
        if field.nullable and pa.types.is_integer(field.type):
            frame[field.name] = table.column(field.name).to_pandas(
                types_mapper=_nullable_integers().get
            )
    return frame


def from_frame(frame: "pd.DataFrame", name: str) -> pa.Table:
    """Return the frame as the table `name`, with the columns in the order of its schema."""
    schema = TABLES[name]
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    return table.replace_schema_metadata(None)


def _nullable_integers() -> dict[pa.DataType, Any]:
    import pandas as pd

    return {_INT: pd.Int64Dtype(), _SMALL: pd.Int32Dtype()}


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


def _add_columns(table: pa.Table, name: str) -> pa.Table:
    """Versions 4 and 5 only added columns, which are unknown for older results.

    Version 4 added results on validation, sets without anchors, milestones and `delivery`, and
    version 5 calibration errors and the agreement with the experts.
    """
    if name == "part":
        columns = [c for c in NESTED if c in table.column_names]
        for column in columns:
            place = table.schema.get_field_index(column)
            field = PART.field(column)
            table = table.set_column(place, field, table.column(column).cast(field.type))
        schema = PART
    elif name in TABLES:
        schema = TABLES[name]
    else:
        return table
    for place, field in enumerate(schema):
        if field.name not in table.column_names and field.nullable:
            table = table.add_column(place, field, pa.nulls(len(table), field.type))
    return table


_MIGRATIONS: Final[dict[int, Callable[[pa.Table, str], pa.Table]]] = {
    2: _add_costs,
    3: _rename_root_seed,
    5: _add_columns,
}
"""Migrations by the version that each leads to; each relies on those before it."""
