"""Properties of files, long tables, merges and reference fronts, for arbitrary records."""

import json
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.results.conftest import results_of

from fusefront.results.directory.parts import part_tables, read_part, write_part
from fusefront.results.files.record import (
    FrontRow,
    MilestoneRow,
    OutcomeRow,
    PointRow,
    Record,
    TraceRow,
)
from fusefront.results.files.schema import record_table
from fusefront.results.merge import RunSet, subset, union
from fusefront.results.references import canonical

property_test = settings(derandomize=True, deadline=None, max_examples=15, database=None)

texts = st.text(st.characters(codec="utf-8"), max_size=12)  # Parquet holds no lone surrogates
numbers = st.floats(allow_nan=False)
parameters = st.dictionaries(texts, st.integers() | texts, max_size=3).map(json.dumps)
counts = st.integers(0, 2**62)
small = st.integers(0, 2**31 - 1)
optional = partial(st.one_of, st.none())

NEW = (
    *("validation_value", "validation_loss", "own_value", "own_loss", "own_objective"),
    *("calibration_error", "agreement"),
)
fronts = st.builds(
    FrontRow,
    *(small, texts, numbers, numbers, numbers, small),
    **dict.fromkeys(NEW, optional(numbers)),
)
vectors = st.lists(numbers, max_size=3)
preferences = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(
    lambda weights: [weight / sum(weights) for weight in weights]
)
points = st.builds(
    PointRow,
    *(small, preferences, texts),
    *(optional(vectors), optional(st.lists(small, max_size=2)), optional(texts)),
)
traces = st.builds(TraceRow, counts, numbers, texts, numbers)
milestones = st.builds(MilestoneRow, counts, numbers, small, texts, numbers, numbers, numbers)
outcomes = st.builds(OutcomeRow, small, texts, small, st.binary(max_size=4))


@st.composite
def records(draw: st.DrawFn) -> Record:
    return Record(
        run_id=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)),
        problem=draw(texts),
        algorithm=draw(texts),
        parameters=draw(parameters),
        display_name=draw(texts),
        seed=draw(small),
        root_seed=draw(counts),
        status=draw(st.sampled_from(["done", "failed", "skipped"])),
        reason=draw(optional(texts)),
        error_message=draw(optional(texts)),
        budget_units=draw(optional(counts)),
        peak_bytes=draw(optional(counts)),
        energy_joules=draw(optional(numbers)),
        wall_seconds=draw(optional(numbers)),
        problem_hash=draw(texts),
        protocol_version=1,
        versions="{}",
        machine=draw(texts),
        threads=1,
        device="cpu",
        started="",
        fronts=draw(st.lists(fronts, max_size=3)),
        points=draw(st.lists(points, max_size=2, unique_by=lambda row: row.point)),
        traces=draw(st.lists(traces, max_size=2)),
        outcomes=draw(st.lists(outcomes, max_size=2)),
        milestones=draw(st.lists(milestones, max_size=2)),
    )


@given(record=records())
@property_test
def test_parts_read_back_as_they_were_written(record: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = read_part(write_part(Path(folder), record))
    assert table.equals(record_table(record))


@given(drawn=st.lists(records(), max_size=4, unique_by=lambda record: record.run_id))
@property_test
def test_long_tables_hold_everything_in_the_parts(drawn: list[Record]) -> None:
    parts = {record.run_id: record_table(record) for record in drawn}
    again = {
        table.column("run_id")[0].as_py(): table
        for table in part_tables(results_of(list(parts.values())))
    }
    assert again == parts


def run_set(name: str, keys: set[tuple[str, str, int]]) -> RunSet:
    """Runs with these problems, algorithms and seeds."""
    base = Record(
        run_id="r",
        problem="",
        algorithm="",
        parameters="{}",
        display_name="",
        seed=0,
        root_seed=0,
        status="done",
        problem_hash="h",
        protocol_version=1,
        versions="{}",
        machine="",
        threads=1,
        device="cpu",
        started="",
    )
    parts: dict[str, pa.Table] = {}
    for problem, algorithm, seed in sorted(keys):
        run_id = f"{problem}-{algorithm}-{seed}"
        identity = {"problem": problem, "algorithm": algorithm, "display_name": algorithm}
        record = replace(base, run_id=run_id, seed=seed, **identity)  # type: ignore[arg-type]
        parts[run_id] = record_table(record)
    return RunSet(name=name, parts=parts, problems={})


keys = st.sets(
    st.tuples(st.sampled_from("pq"), st.sampled_from("ab"), st.integers(0, 2)), max_size=6
)
one, two, three = (st.builds(run_set, st.just(name), keys) for name in "xyz")


@given(a=one, b=two, c=three)
@property_test
def test_union_is_commutative_associative_and_idempotent(a: RunSet, b: RunSet, c: RunSet) -> None:
    assert union([a, b]).parts == union([b, a]).parts
    assert union([union([a, b]), c]).parts == union([a, union([b, c])]).parts
    assert union([a, a]).parts == a.parts


@given(whole=st.builds(run_set, st.just("whole"), keys.filter(bool)))
@property_test
def test_merging_the_pieces_of_a_split_gives_the_whole(whole: RunSet) -> None:
    for criterion, column in (("problems", "problem"), ("algorithms", "algorithm")):
        names = {row[column] for row in whole.rows().values()}
        pieces = [subset(whole, **{criterion: [name]}) for name in sorted(names)]
        assert union(pieces).parts == whole.parts
        assert sum(len(piece.parts) for piece in pieces) == len(whole.parts)


matrices = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=numbers)


@given(points=matrices.filter(lambda array: bool(np.isfinite(array).all())), data=st.data())
@property_test
def test_canonical_form_ignores_order_and_duplicates(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]], data: st.DataObject
) -> None:
    before = points.copy()
    expected = canonical(points)
    order = data.draw(st.permutations(range(len(points))))
    assert canonical(points[[*order, order[0]]]).tobytes() == expected.tobytes()
    assert canonical(expected).tobytes() == expected.tobytes()
    np.testing.assert_array_equal(points, before)
