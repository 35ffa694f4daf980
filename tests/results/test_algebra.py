"""Unions and parts of sets of runs: equal runs once, nothing mixed that cannot be compared."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.errors import ParameterError, StoreError, StudyError, UnknownNameError
from fusefront.results.archive.archive import FILES, pack
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.files.record import Record
from fusefront.results.files.schema import TABLES, record_table
from fusefront.results.load import read
from fusefront.results.merge import Holding, held, narrowed, union, write

MakeRecord = Callable[..., Record]
MakeHolding = Callable[..., Holding]


@pytest.fixture
def holding(tmp_path: Path, make_facts: Callable[..., object]) -> MakeHolding:
    """What a directory with these records holds."""

    def make(name: str, *records: Record, problem_hash: str | None = None) -> Holding:
        folder = tmp_path / name
        for record in records:
            write_part(folder, record)
        for problem in sorted({r.problem for r in records if r.problem_hash != "unavailable"}):
            facts = make_facts(problem)
            changed = replace(facts, problem_hash=problem_hash) if problem_hash else facts  # type: ignore[type-var] # a fixture
            write_problem(folder, changed)  # type: ignore[arg-type] # a fixture
        return held(folder, name)

    return make


def _elsewhere(record: Record) -> Record:
    """The same results, computed again."""
    return replace(
        record,
        wall_seconds=9.0,
        load_seconds=1.0,
        peak_bytes=1,
        machine="other",
        started="2026-02-02T00:00:00+00:00",
        versions='{"torch": "3.0"}',
        traces=[row._replace(wall_seconds=7.0) for row in record.traces],
    )


def test_the_union_holds_every_run_once(holding: MakeHolding, make_record: MakeRecord) -> None:
    first = [make_record(seed=seed) for seed in (0, 1)]
    second = [make_record(seed=1), make_record("average"), make_record("ties", "other")]
    whole = union([holding("a", *first), holding("b", *second)])
    assert sorted(whole.parts) == [
        "other-ties-0",
        "two-digits-average-0",
        "two-digits-ties-0",
        "two-digits-ties-1",
    ]
    assert sorted(whole.problems) == ["other", "two-digits"]
    assert whole.parts["two-digits-ties-1"] == record_table(first[1])
    assert whole.notes == []


def test_a_union_does_not_depend_on_how_it_is_bracketed(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    a, b, c = (holding(n, make_record(seed=i), make_record(seed=3)) for i, n in enumerate("abc"))
    assert union([union([a, b]), c]).parts == union([a, union([b, c])]).parts
    assert union([a, a]).parts == a.parts


def test_times_and_provenance_may_differ_and_the_first_is_kept(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    record = make_record()
    one, other = holding("a", record), holding("b", _elsewhere(record))
    assert union([one, other]).parts == one.parts
    assert union([other, one]).parts == other.parts


def test_other_results_of_one_run_are_refused_and_named(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    record = make_record()
    worse = record.fronts[0]._replace(value=0.123, loss=record.fronts[0].loss + 2.5)
    other = replace(record, units=7, fronts=[worse, *record.fronts[1:]])
    with pytest.raises(StoreError) as caught:
        union([holding("a", record), holding("b", other)])
    message = str(caught.value)
    assert "Run two-digits-ties-0 (two-digits, TIES, seed 0) must have the same" in message
    assert "in `a` and `b`. Found others in units, fronts (fronts by 2.5 at most)." in message


def test_nan_is_equal_to_itself(holding: MakeHolding, make_record: MakeRecord) -> None:
    record = make_record()
    record = replace(record, fronts=[record.fronts[0]._replace(objective=float("nan"))])
    assert len(union([holding("a", record), holding("b", record)]).parts) == 1


@pytest.mark.parametrize("worse", ["failed", "skipped"])
def test_a_done_run_takes_the_place_of_another(
    holding: MakeHolding, make_record: MakeRecord, worse: str
) -> None:
    failure = replace(make_record(status=worse), budget_units=20_000)
    without, good = holding("a", failure), holding("b", make_record())
    assert union([without, good]).parts == good.parts
    assert union([good, without]).parts == good.parts


def test_a_failure_keeps_no_other_failure_out(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    first = make_record(status="failed")
    second = replace(first, traceback="elsewhere", error_message="other")
    a, b = holding("a", first), holding("b", second)
    assert union([a, b]).parts == a.parts


def test_the_computation_with_outcomes_is_kept(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    record = make_record()
    whole, without = holding("a", record), holding("b", replace(record, outcomes=[]))
    assert union([without, whole]).parts == whole.parts


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("root_seed", {"root_seed": 8}),
        ("budget_units", {"budget_units": 3}),
        ("protocol_version", {"protocol_version": 2}),
        ("precision", {"versions": '{"fit": "b"}'}),
        ("caps", {"versions": '{"caps": "gradient_steps=5"}'}),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(
    holding: MakeHolding, make_record: MakeRecord, key: str, change: dict[str, object]
) -> None:
    other = replace(make_record(seed=1), **change)  # type: ignore[arg-type] # one of several
    with pytest.raises(StudyError, match=rf"`{key}` must be the same.*in `a` and .* in `b`"):
        union([holding("a", make_record()), holding("b", other)])


def test_a_run_that_failed_does_not_tell_its_precision(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    record = replace(make_record(), versions='{"fit": "bfloat16"}')
    failed = replace(make_record(seed=1, status="failed"), budget_units=20_000)
    assert len(union([holding("a", record), holding("b", failed)]).parts) == 2


def test_another_problem_of_one_name_is_refused(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    other = replace(make_record(seed=1), problem_hash="cd" * 32)
    with pytest.raises(StudyError, match=r"`two-digits` must be the same .* cdcdcdcd in `b`"):
        union([holding("a", make_record()), holding("b", other, problem_hash="cd" * 32)])


def test_a_seed_is_never_counted_twice(holding: MakeHolding, make_record: MakeRecord) -> None:
    other = replace(make_record(), run_id="other", parameters='{"density": 0.3}')
    with pytest.raises(StudyError, match=r"one run. Found two of two-digits, TIES, seed 0.*param"):
        union([holding("a", make_record()), holding("b", other)])


def test_runs_skipped_for_want_of_data_give_way_to_the_problem(
    holding: MakeHolding, make_record: MakeRecord
) -> None:
    skipped = replace(
        make_record(status="skipped"),
        run_id="early",
        problem_hash="unavailable",
        budget_units=20_000,
    )
    a, b = holding("a", skipped), holding("b", make_record())
    whole = union([a, b])
    assert list(whole.parts) == ["two-digits-ties-0"]
    assert whole.notes == ["1 runs left out: skipped for want of data that is there"]
    assert list(union([a]).parts) == ["early"]


def test_a_part_has_what_is_asked_for(holding: MakeHolding, make_record: MakeRecord) -> None:
    records = [
        make_record(algorithm, problem, seed)
        for algorithm in ("ties", "dare")
        for problem in ("p", "q")
        for seed in range(3)
    ]
    whole = holding("a", *records)
    few = narrowed(whole, problems=["p"], algorithms=["TIES"], seeds=[0, 2])
    assert sorted(few.parts) == ["p-ties-0", "p-ties-2"]
    assert list(few.problems) == ["p"]
    assert narrowed(whole, algorithms=["dare", "DARE"]).parts.keys() == {
        record.run_id for record in records if record.algorithm == "dare"
    }
    assert narrowed(whole).parts == whole.parts
    assert union([narrowed(whole, seeds=[0]), narrowed(whole, seeds=[1, 2])]).parts == {
        run_id: whole.parts[run_id] for run_id in whole.parts
    }


def test_unknown_names_and_seeds_are_told(holding: MakeHolding, make_record: MakeRecord) -> None:
    whole = holding("a", make_record("ties", "p"), make_record("dare", "q"))
    with pytest.raises(UnknownNameError, match=r"Found `tie`. Did you mean `ties`"):
        narrowed(whole, algorithms=["tie"])
    with pytest.raises(UnknownNameError, match=r"Found `r`. Known: p, q"):
        narrowed(whole, problems=["r"])
    with pytest.raises(ParameterError, match=r"must be among 0. Found 4"):
        narrowed(whole, seeds=[4])
    with pytest.raises(ParameterError, match="Found none of these problems"):
        narrowed(whole, problems=["p"], algorithms=["dare"])


def test_what_is_written_reads_back(run_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write(held(run_directory, "a"), tmp_path / "new")
    one, other = read(run_directory), read(tmp_path / "new")
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    for path in (run_directory / "parts").iterdir():
        assert (tmp_path / "new" / "parts" / path.name).read_bytes() == path.read_bytes()


def test_an_archive_holds_what_its_directory_held(run_directory: Path, tmp_path: Path) -> None:
    pack(read(run_directory), tmp_path / "archive", note="")
    found = held(tmp_path / "archive", "archive")
    again = results_of(list(found.parts.values()), list(found.problems.values()))
    for name in FILES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(read(run_directory), name))
    assert union([found, held(run_directory, "a")]).parts == held(run_directory, "a").parts


def test_runs_are_called_as_their_directory_calls_them(
    run_directory: Path, make_record: MakeRecord
) -> None:
    rows = [["two-digits-ties-0", "two-digits", "Trimmed", 0]]
    (run_directory / "planned.json").write_text(json.dumps(rows))
    whole = held(run_directory, "a")
    assert whole.rows()["two-digits-ties-0"]["display_name"] == "Trimmed"
    assert list(narrowed(whole, algorithms=["Trimmed"]).parts) == ["two-digits-ties-0"]
