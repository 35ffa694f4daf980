"""Dry runs: which runs exist, which would run or be skipped, and at what cost."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import BUDGET, PROBLEM, Command
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.dry_run import dry_run
from fusefront.benchmark.history import BASES, History, Timed, wall_time
from fusefront.benchmark.run.one_run import make_record
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import RunSpec, Study
from fusefront.errors import StudyError
from fusefront.problems import PROBLEMS
from fusefront.problems.base import Finding
from fusefront.results.directory.parts import read_parts, write_part, write_problem
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files.record import AnchorRow, ProblemFacts

HASHES = {"smoke-left-right": "abc", "smoke-all": "def", "digits-left-right": "ghi"}


def timed(**changes: Any) -> Timed:
    run = Timed("p", "a", "{}", tasks=2, fit=10.0, rest=3.0, units=100, budget=100)
    return run._replace(**changes)


@pytest.mark.parametrize(
    ("run", "budget", "seconds"),
    [
        (timed(), 100, 13.0),
        (timed(), 200, 23.0),  # it used up its budget
        (timed(), 50, 8.0),
        (timed(), None, 13.0),
        (timed(units=95), 190, 23.0),  # a last step that did not fit
        (timed(units=20), 200, 13.0),  # it ended by itself
        (timed(units=20), 10, 8.0),
        (timed(units=20, budget=None), 10, 8.0),
        (timed(units=20, budget=None), 100, 13.0),
        (timed(units=0), 1, 13.0),
    ],
)
def test_only_the_fit_grows_and_only_as_far_as_it_would(
    run: Timed, budget: int | None, seconds: float
) -> None:
    assert run.under(budget) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "jobs", "expected"),
    [([], 2, 0.0), ([1, 2, 3], 1, 6.0), ([1, 2, 3], 9, 3.0), ([4, 1, 1, 1, 2], 2, 5.0)],
)
def test_wall_time_is_that_of_the_last_worker(
    seconds: list[float], jobs: int, expected: float
) -> None:
    assert wall_time(seconds, jobs) == expected


def spec(algorithm: str, problem: str, budget: int | None = 100, repetition: int = 0) -> RunSpec:
    """A run of a built-in algorithm."""
    study = Study(
        problems=problems(problem),
        algorithms=(AlgorithmSpec.parse(algorithm, ALGORITHMS),),
        seeds=repetition + 1,
        budget=budget,
    )
    return study.canonical(ALGORITHMS).expand(ALGORITHMS, HASHES)[-1]


def put(directory: Path, run: RunSpec, seconds: float, **facts: Any) -> None:
    """Write a part whose fit took this long and used its budget, and as long for the rest."""
    usual = {"status": "done", "started": "now", "units": run.budget, "wall_seconds": seconds}
    record = make_record(run, HASHES[run.problem.name], usual | {"score_seconds": seconds} | facts)
    write_part(directory, record)
    rows = [AnchorRow(model="pretrained", task=t, value=0.0, loss=0.0, n=1) for t in ("a", "b")]
    write_problem(
        directory,
        ProblemFacts(problem=run.problem.name, problem_hash="x", labels="{}", anchors=rows),
    )


@pytest.fixture
def unshipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """No archives."""
    monkeypatch.setattr("fusefront.benchmark.history.prerun_names", list)


@pytest.mark.usefixtures("unshipped")
def test_nothing_is_estimated_from_nothing(tmp_path: Path) -> None:
    assert (
        History(tmp_path / "absent", Snapshot(tmp_path / "absent")).estimate(
            spec("map", "smoke-all"), 3
        )
        is None
    )


@pytest.mark.usefixtures("unshipped")
def test_the_nearest_earlier_runs_are_taken(tmp_path: Path) -> None:
    asked = spec("map[points=4]", "smoke-left-right", budget=200)
    expected = []
    for run, seconds in (  # from far to near
        (spec("experts", "digits-left-right"), 1.0),
        (spec("map", "digits-left-right"), 2.0),
        (spec("map", "smoke-left-right"), 4.0),
        (spec("map[points=4]", "smoke-left-right", repetition=1), 8.0),
    ):
        put(tmp_path, run, seconds)
        found = History(tmp_path, Snapshot(tmp_path)).estimate(asked, 2)
        assert found is not None
        assert found.seconds == pytest.approx(3 * seconds)  # twice the fit, and the rest
        assert len(found.runs) == 1
        expected.append(found.basis)
    assert expected == [BASES[3], BASES[2], BASES[0], BASES[0]]
    put(tmp_path, spec("map[points=4]", "smoke-left-right", repetition=2), 12.0)
    found = History(tmp_path, Snapshot(tmp_path)).estimate(asked, 2)
    assert found is not None
    assert (found.seconds, len(found.runs)) == (30.0, 2)  # the median of 24 and 36


def test_archives_that_ship_are_second_to_the_directory(tmp_path: Path) -> None:
    asked = spec("map", "digits-left-right", budget=50_000)
    shipped = History(tmp_path, Snapshot(tmp_path)).estimate(asked, 2)
    assert shipped is not None
    assert shipped.basis == BASES[1]
    assert len(shipped.runs) >= 3
    put(tmp_path, spec("map", "digits-left-right", budget=50_000, repetition=7), 1000.0)
    here = History(tmp_path, Snapshot(tmp_path)).estimate(asked, 2)
    assert here is not None
    assert (here.basis, here.seconds) == (BASES[0], 2000.0)


def test_existing_runs_are_not_counted_as_to_run(study: Study, directory: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    more = replace(study, seeds=3)
    found = dry_run(more, directory)
    assert [(b.runs, b.done, b.to_run, b.skipped) for b in found.cells] == [(3, 2, 1, 0)] * 3
    assert len(found.durations) == 3
    assert {b.estimate.basis for b in found.cells if b.estimate} == {BASES[0]}
    assert len(found.earlier) == 6
    assert found.wall_seconds(1) == pytest.approx(found.cpu_seconds)
    assert found.wall_seconds(3) == pytest.approx(max(found.durations))
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before


def test_a_directory_of_other_runs_is_refused(study: Study, directory: Path) -> None:
    with pytest.raises(StudyError, match="must be the same as in the existing study"):
        dry_run(replace(study, root_seed=1), directory)


def test_a_run_that_failed_would_run_again_and_one_that_was_skipped_not(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(directory, tmp_path / "copied"))
    (hashes,) = {run["problem_hash"] for run in _rows(copied)}
    failed, skipped, *_ = study.canonical(ALGORITHMS).expand(ALGORITHMS, {PROBLEM: hashes})
    put_status = {"started": "now", "units": 0}
    write_part(
        copied,
        make_record(failed, hashes, put_status | {"status": "failed", "error_class": "ValueError"}),
    )
    write_part(
        copied, make_record(skipped, hashes, put_status | {"status": "skipped", "reason": "no way"})
    )
    first, second, third = dry_run(study, copied).cells
    assert (first.done, first.to_run, first.skipped) == (1, 1, 0)
    assert (second.done, second.to_run, second.skipped, second.reason) == (1, 0, 1, "no way")
    assert (third.done, third.to_run, third.reason) == (2, 0, "")
    later = dry_run(replace(study, seeds=3), copied).cells[1]
    assert (later.to_run, later.skipped, later.reason) == (1, 1, "no way")


def _rows(directory: Path) -> list[dict[str, Any]]:
    return [row for part in read_parts(directory) for row in part.to_pylist()]


def test_data_that_is_missing_or_made_on_first_use_is_reported(
    fusefront: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = PROBLEMS["smoke-all"]
    kind = type(entry.load()())  # type: ignore[operator,unused-ignore] # a problem's maker

    def preflight(problem: Any) -> list[Finding]:
        if len(problem.tasks) == 2:
            return [Finding("words", True, "downloaded on first use")]
        return [Finding("images", False, "Images must be here.")]

    monkeypatch.setattr(kind, "preflight", preflight)
    options = ("run", "smoke", "-a", "map", "--seeds", 2, "-j", 1, "-o", tmp_path, "--dry-run")
    told = fusefront(*options)
    assert "  |   words downloaded on first use\n  |-- map x 2: 2 to run, about 0:00" in told.out
    assert "smoke-all\n  |   skipped: Images must be here.\n  |-- map x 2: 2 skipped" in told.out
    content = json.loads(fusefront(*options, "--json").out)
    assert (content["to_run"], content["skipped"], content["jobs"]) == (2, 2, 1)
    assert content["cpu_seconds"] == content["wall_seconds"] > 0
    first, second = content["branches"]
    assert (second["to_run"], second["reason"]) == (0, "Images must be here.")
    assert content["cpu_seconds"] == pytest.approx(2 * first["seconds_each"])
    assert content["estimated_from"] == first["estimated_from"] > 0


def test_the_plan_says_what_the_estimate_is_made_of(fusefront: Command, directory: Path) -> None:
    command = ("run", "-p", PROBLEM, "-a", "rewarded-soup", "--budget", BUDGET, "-o", directory)
    told = fusefront(*command, "--seeds", 5, "-j", 2, "--dry-run")
    assert re.search(r"rewarded-soup x 5: 2 done, 3 to run, about 0:0\d:\d\d each", told.out)
    assert "5 runs of at most 1000 units" in told.out
    assert ": 2 done, 3 to run, 0 skipped\n" in told.out
    assert f"estimated from 2 earlier runs (3 from {BASES[0]})" in told.out
    assert "CPU hours, 0:00:" in told.out
    again = fusefront(*command, "--seeds", 2, "--dry-run")
    assert "2 done, 0 to run" in again.out
    assert "estimated" not in again.out
