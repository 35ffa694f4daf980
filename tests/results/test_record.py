from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from fusefront.errors import ParameterError
from fusefront.results.files.record import (
    FrontRow,
    MilestoneRow,
    OutcomeRow,
    PointRow,
    Record,
    TraceRow,
    pack_outcomes,
    unpack_outcomes,
)
from fusefront.results.files.schema import (
    NESTED,
    PART,
    TABLES,
    from_frame,
    record_table,
    to_frame,
)

MakeRecord = Callable[..., Record]


def test_a_part_has_exactly_the_fields_of_a_record() -> None:
    assert {field.name for field in fields(Record)} == set(PART.names)


def test_nested_columns_are_the_fields_of_their_rows() -> None:
    rows = {
        "fronts": FrontRow._fields,
        "points": PointRow._fields,
        "traces": TraceRow._fields,
        "outcomes": OutcomeRow._fields,
        "milestones": MilestoneRow._fields,
    }
    assert {name: tuple(f.name for f in kind) for name, kind in NESTED.items()} == rows


def test_the_table_of_a_record_is_its_row(make_record: MakeRecord) -> None:
    record = make_record()
    (row,) = record_table(record).to_pylist()
    assert row["fronts"] == [entry._asdict() for entry in record.fronts]
    assert row["status"] == "done"
    assert row["trainable_parameters"] is None


def test_vectors_may_be_numpy_arrays(make_record: MakeRecord) -> None:
    preference: Any = np.array([0.25, 0.75], dtype=np.float32)
    record = replace(make_record(), points=[PointRow(0, preference, "task")])
    (row,) = record_table(record).to_pylist()
    assert row["points"][0]["preference"] == [0.25, 0.75]
    assert row["points"][0]["coefficients"] is None


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".hidden", "a b"])
def test_a_run_id_that_is_no_file_name_is_refused(run_id: str, make_record: MakeRecord) -> None:
    values = make_record().__dict__ | {"run_id": run_id}
    with pytest.raises(ParameterError, match="run_id"):
        Record(**values)


def test_an_unknown_status_is_refused(make_record: MakeRecord) -> None:
    with pytest.raises(ParameterError, match="done, failed, skipped"):
        make_record(status="lost")


@pytest.mark.parametrize("n", [0, 1, 8, 13])
def test_outcomes_survive_packing(n: int) -> None:
    correct = np.random.default_rng(n).random(n) < 0.5
    assert unpack_outcomes(pack_outcomes(correct), n).tolist() == correct.tolist()


@pytest.mark.parametrize("name", TABLES)
def test_every_table_survives_pandas(name: str) -> None:
    empty = TABLES[name].empty_table()
    assert from_frame(to_frame(empty), name).equals(empty)


def test_nullable_integers_stay_integers(make_record: MakeRecord) -> None:
    table = record_table(make_record(status="skipped")).select(["peak_bytes", "units"])
    assert to_frame(table).dtypes.astype(str).tolist() == ["Int64", "int64"]
