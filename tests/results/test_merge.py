"""Merges and subsets of runs: every run once, and runs that are not comparable are refused."""

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
from fusefront.results.merge import RunSet, read_run_set, subset, union, write

MakeRecord = Callable[..., Record]
MakeRunSet = Callable[..., RunSet]


@pytest.fixture
def run_set(tmp_path: Path, make_facts: Callable[..., object]) -> MakeRunSet:
    """Return the runs of a directory with these records."""

    def make(name: str, *records: Record, problem_hash: str | None = None) -> RunSet:
        folder = tmp_path / name
        for record in records:
            write_part(folder, record)
        for problem in sorted({r.problem for r in records if r.problem_hash != "unavailable"}):
            facts = make_facts(problem)
            changed = replace(facts, problem_hash=problem_hash) if problem_hash else facts  # type: ignore[type-var] # a fixture
            write_problem(folder, changed)  # type: ignore[arg-type] # a fixture
        return read_run_set(folder, name)

    return make


def _elsewhere(record: Record) -> Record:
    """Return the same results as if they had been computed again."""
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


def test_the_union_holds_every_run_once(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    first = [make_record(seed=seed) for seed in (0, 1)]
    second = [make_record(seed=1), make_record("average"), make_record("ties", "other")]
    whole = union([run_set("a", *first), run_set("b", *second)])
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
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    a, b, c = (run_set(n, make_record(seed=i), make_record(seed=3)) for i, n in enumerate("abc"))
    assert union([union([a, b]), c]).parts == union([a, union([b, c])]).parts
    assert union([a, a]).parts == a.parts


def test_times_and_provenance_may_differ_and_the_first_is_kept(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    record = make_record()
    one, other = run_set("a", record), run_set("b", _elsewhere(record))
    assert union([one, other]).parts == one.parts
    assert union([other, one]).parts == other.parts


def test_different_results_of_one_run_are_refused(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    record = make_record()
    worse = record.fronts[0]._replace(value=0.123, loss=record.fronts[0].loss + 2.5)
    other = replace(record, units=7, fronts=[worse, *record.fronts[1:]])
    with pytest.raises(StoreError) as caught:
        union([run_set("a", record), run_set("b", other)])
    message = str(caught.value)
    assert "Run two-digits-ties-0 (two-digits, TIES, seed 0) must have the same" in message
    assert "in `a` and `b`. Found different fronts (fronts by at most 2.5)." in message


def test_other_costs_are_noted_and_the_first_are_kept(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    record = replace(make_record(), flops=1_390_000_000)
    traces = [row._replace(units=row.units + 1) for row in record.traces]
    other = replace(record, flops=750_000_000, units=7, traces=traces)
    same = make_record(seed=1)
    one, two = run_set("a", record, same), run_set("b", other, same)
    whole = union([one, two])
    assert whole.parts == one.parts
    assert whole.notes == [
        "1 runs with equal results have other costs in `b` than in `a` (units, flops). "
        "Each run has those of the computation that is kept"
    ]
    assert union([two, one]).parts[record.run_id] == two.parts[record.run_id]


def test_nan_is_equal_to_itself(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    record = make_record()
    record = replace(record, fronts=[record.fronts[0]._replace(objective=float("nan"))])
    assert len(union([run_set("a", record), run_set("b", record)]).parts) == 1


@pytest.mark.parametrize("worse", ["failed", "skipped"])
def test_a_done_run_takes_the_place_of_another(
    run_set: MakeRunSet, make_record: MakeRecord, worse: str
) -> None:
    failure = replace(make_record(status=worse), budget_units=20_000)
    without, good = run_set("a", failure), run_set("b", make_record())
    assert union([without, good]).parts == good.parts
    assert union([good, without]).parts == good.parts


def test_a_failure_keeps_no_other_failure_out(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    first = make_record(status="failed")
    second = replace(first, traceback="elsewhere", error_message="other")
    a, b = run_set("a", first), run_set("b", second)
    assert union([a, b]).parts == a.parts


def test_the_computation_with_outcomes_is_kept(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    record = make_record()
    whole, without = run_set("a", record), run_set("b", replace(record, outcomes=[]))
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
    run_set: MakeRunSet, make_record: MakeRecord, key: str, change: dict[str, object]
) -> None:
    other = replace(make_record(seed=1), **change)  # type: ignore[arg-type] # one of several
    with pytest.raises(StudyError, match=rf"`{key}` must be the same.*in `a` and .* in `b`"):
        union([run_set("a", make_record()), run_set("b", other)])


def test_failed_run_does_not_record_its_precision(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    record = replace(make_record(), versions='{"fit": "bfloat16"}')
    failed = replace(make_record(seed=1, status="failed"), budget_units=20_000)
    assert len(union([run_set("a", record), run_set("b", failed)]).parts) == 2


def test_another_problem_of_one_name_is_refused(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    other = replace(make_record(seed=1), problem_hash="cd" * 32)
    with pytest.raises(StudyError, match=r"`two-digits` must be the same .* cdcdcdcd in `b`"):
        union([run_set("a", make_record()), run_set("b", other, problem_hash="cd" * 32)])


def test_a_seed_is_never_counted_twice(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    other = replace(make_record(), run_id="other", parameters='{"density": 0.3}')
    with pytest.raises(
        StudyError, match=r"only one run. Found two for two-digits, TIES, seed 0.*param"
    ):
        union([run_set("a", make_record()), run_set("b", other)])


def test_runs_skipped_for_missing_data_are_left_out_if_a_source_has_it(
    run_set: MakeRunSet, make_record: MakeRecord
) -> None:
    skipped = replace(
        make_record(status="skipped"),
        run_id="early",
        problem_hash="unavailable",
        budget_units=20_000,
    )
    a, b = run_set("a", skipped), run_set("b", make_record())
    whole = union([a, b])
    assert list(whole.parts) == ["two-digits-ties-0"]
    assert whole.notes == ["1 runs left out: skipped for missing data that another source has"]
    assert list(union([a]).parts) == ["early"]


def test_subset_has_the_selected_runs(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    records = [
        make_record(algorithm, problem, seed)
        for algorithm in ("ties", "dare")
        for problem in ("p", "q")
        for seed in range(3)
    ]
    whole = run_set("a", *records)
    few = subset(whole, problems=["p"], algorithms=["TIES"], seeds=[0, 2])
    assert sorted(few.parts) == ["p-ties-0", "p-ties-2"]
    assert list(few.problems) == ["p"]
    assert subset(whole, algorithms=["dare", "DARE"]).parts.keys() == {
        record.run_id for record in records if record.algorithm == "dare"
    }
    assert subset(whole).parts == whole.parts
    assert union([subset(whole, seeds=[0]), subset(whole, seeds=[1, 2])]).parts == {
        run_id: whole.parts[run_id] for run_id in whole.parts
    }


def test_unknown_names_and_seeds_are_refused(run_set: MakeRunSet, make_record: MakeRecord) -> None:
    whole = run_set("a", make_record("ties", "p"), make_record("dare", "q"))
    with pytest.raises(UnknownNameError, match=r"Found `tie`. Did you mean `ties`"):
        subset(whole, algorithms=["tie"])
    with pytest.raises(UnknownNameError, match=r"Found `r`. Known: p, q"):
        subset(whole, problems=["r"])
    with pytest.raises(ParameterError, match=r"must be among 0. Found 4"):
        subset(whole, seeds=[4])
    with pytest.raises(
        ParameterError, match=r"selected problems, algorithms and seeds. Found none"
    ):
        subset(whole, problems=["p"], algorithms=["dare"])


def test_what_is_written_reads_back(run_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write(read_run_set(run_directory, "a"), tmp_path / "new")
    one, other = read(run_directory), read(tmp_path / "new")
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    for path in (run_directory / "parts").iterdir():
        assert (tmp_path / "new" / "parts" / path.name).read_bytes() == path.read_bytes()


def test_archive_has_the_runs_of_its_directory(run_directory: Path, tmp_path: Path) -> None:
    pack(read(run_directory), tmp_path / "archive", note="")
    found = read_run_set(tmp_path / "archive", "archive")
    again = results_of(list(found.parts.values()), list(found.problems.values()))
    for name in FILES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(read(run_directory), name))
    assert (
        union([found, read_run_set(run_directory, "a")]).parts
        == read_run_set(run_directory, "a").parts
    )


def test_runs_have_the_display_names_of_their_directory(
    run_directory: Path, make_record: MakeRecord
) -> None:
    rows = [["two-digits-ties-0", "two-digits", "Trimmed", 0]]
    (run_directory / "planned.json").write_text(json.dumps(rows))
    whole = read_run_set(run_directory, "a")
    assert whole.rows()["two-digits-ties-0"]["display_name"] == "Trimmed"
    assert list(subset(whole, algorithms=["Trimmed"]).parts) == ["two-digits-ties-0"]
