"""Studies end to end: run once, cached afterwards, the same bits however they are run."""

import json
import shutil
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.benchmark.conftest import BUDGET, PROBLEM, Command
from tests.specs import problems

import fusefront as package
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import execute as execute_module
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.executors import start_of
from fusefront.benchmark.run.fitting import InProcess
from fusefront.benchmark.run.meters import PeakMemory
from fusefront.benchmark.run.one_run import compute
from fusefront.benchmark.score import scores as loading
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import Study
from fusefront.errors import StoreError, StudyError
from fusefront.problems import PROBLEMS
from fusefront.results.directory.compaction import CompactedTables
from fusefront.results.directory.snapshot import Snapshot
from fusefront.testing.toy_problem import open_view

VARYING = ["wall-seconds", "rss-bytes", "energy-joules"]
TIMES = [
    "rss_bytes",
    "energy_joules",
    "wall_seconds",
    "load_seconds",
    "rehearsal_seconds",
    "score_seconds",
    "started",
]
TABLES = ("runs", "fronts", "points", "traces", "scores", "problems", "outcomes")


def statuses(study: Study, directory: Path) -> Counter[str]:
    """Run what is missing of a study, and count its runs by status."""
    planned = runner.plan(study, directory)
    events = execute(planned, directory, jobs=2)
    return Counter(event.status for event in events if event.status != "running")


def without_times(directory: Path) -> dict[str, pd.DataFrame]:
    """Return all tables without measured times."""
    results = loading.load(directory)
    frames = {name: getattr(results, name).drop(columns=TIMES, errors="ignore") for name in TABLES}
    frames["scores"] = frames["scores"][~frames["scores"]["metric"].isin(VARYING)]
    return frames


def assert_same(directory: Path, other: Path) -> None:
    """Assert that two directories are equal to the bit, except for times."""
    ours, theirs = without_times(directory), without_times(other)
    for name in TABLES:
        columns = [c for c in ours[name].columns if c != "versions"]  # where a fit ran may differ
        assert_equal(ours[name][columns], theirs[name][columns], name)


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame, name: str) -> None:
    pd.testing.assert_frame_equal(
        ours.reset_index(drop=True), theirs.reset_index(drop=True), check_exact=True, obj=name
    )


@pytest.fixture
def copied(directory: Path, tmp_path: Path) -> Path:
    """A copy of the study's directory that a test may change."""
    return Path(shutil.copytree(directory, tmp_path / "copied"))


def changed_at(directory: Path) -> dict[str, int]:
    """Return when each part was written."""
    return {p.name: p.stat().st_mtime_ns for p in (directory / "parts").iterdir()}


def test_every_run_of_a_study_is_done(directory: Path, study: Study) -> None:
    results = package.load(directory)
    assert Counter(results.runs["status"]) == {"done": 6}
    assert set(results.runs["display_name"]) == {s.display_name for s in study.algorithms}
    assert set(results.runs["seed"]) == {0, 1}
    assert (results.runs["units"] <= BUDGET).all()
    assert len(results.fronts) == 6 * 11 * 2
    assert {"hypervolume", "expected-utility"} <= set(results.scores["metric"])


def test_compacted_tables_are_what_load_gives(directory: Path) -> None:
    scores = pd.read_parquet(directory / "tables" / "scores.parquet")
    pd.testing.assert_frame_equal(scores, package.load(directory).scores, check_dtype=False)


def test_anchors_are_at_the_corners_of_g(directory: Path) -> None:
    soup = package.load(directory).fronts.query("algorithm == 'rewarded-soup' and seed == 0")
    corner = soup[[p[0] == 1 for p in soup["preference"]]].set_index("task")["objective"]
    assert corner["left"] == pytest.approx(0, abs=1e-9)  # the first expert on its own task


def test_second_run_is_cached_and_writes_no_part(study: Study, copied: Path) -> None:
    before = changed_at(copied)
    assert statuses(study, copied) == {"cached": 6}
    assert changed_at(copied) == before


def test_serial_runs_give_the_same_bits_as_parallel_ones(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    first = replace(study, seeds=1)
    planned = runner.plan(first, tmp_path)
    for _ in execute(planned, tmp_path, jobs=1):
        pass
    ours, theirs = without_times(tmp_path), without_times(directory)
    for name in ("runs", "fronts", "points", "traces", "outcomes", "scores"):
        same = theirs[name][theirs[name]["seed"] == 0]
        assert_equal(ours[name], same, name)


def test_directory_is_extended_and_keeps_what_it_has(study: Study, copied: Path) -> None:
    before = changed_at(copied)
    more = AlgorithmSpec(name="pretrained")
    extension = replace(study, algorithms=(*study.algorithms[:1], more), seeds=3)
    assert statuses(extension, copied) == {"cached": 2, "done": 4}
    assert changed_at(copied).items() > before.items()
    assert len(loading.load(copied).runs) == 10
    whole = (copied / "study.toml").read_text()
    assert "pretrained" in whole
    assert "sobol-pool[points=4]" in whole
    assert "seeds = 3" in whole


@pytest.mark.parametrize("changes", [{"root_seed": 1}, {"budget": BUDGET + 1}])
def test_study_of_another_seed_or_budget_is_refused(
    study: Study, copied: Path, changes: dict[str, int]
) -> None:
    before = changed_at(copied)
    with pytest.raises(StudyError, match=r"must be the same as in the existing study"):
        runner.plan(replace(study, **changes), copied)  # type: ignore[arg-type]
    assert changed_at(copied) == before


def test_two_spellings_of_one_run_are_one_run(study: Study, copied: Path) -> None:
    texts = (
        "sobol-pool[points=4,upper=1]",
        "sobol_pool[points=4]",
        "sobol-pool[upper=1.0,points=4]",
    )
    specs = tuple(AlgorithmSpec.parse(text, ALGORITHMS) for text in texts)
    again = replace(study, problems=problems("smoke_left_right"), algorithms=specs)
    assert statuses(again, copied) == {"cached": 2}


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_damaged_part_is_reported_set_aside_and_recomputed(
    study: Study, directory: Path, copied: Path, fusefront: Command
) -> None:
    part = min((copied / "parts").iterdir())
    cut_in_half(part)
    outcome = fusefront("table", copied)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert part.name in outcome.err
    assert "Run the same `fusefront run` command again" in outcome.err
    assert fusefront("status", copied).status == 1
    before = changed_at(copied)
    assert statuses(study, copied) == {"cached": 5, "done": 1}
    after = changed_at(copied)
    assert {name for name in before if after.get(name) != before[name]} == {part.name}
    assert part.with_name(f"{part.name}.damaged").is_file()
    assert_same(copied, directory)


def test_damaged_problem_table_is_rewritten(study: Study, copied: Path, directory: Path) -> None:
    cut_in_half(copied / "problems" / f"{PROBLEM}.parquet")
    with pytest.raises(StoreError, match=f"{PROBLEM}.parquet"):
        loading.load(copied)
    assert statuses(study, copied) == {"cached": 6}
    assert_same(copied, directory)


def test_run_that_the_study_no_longer_has_is_moved_not_mixed_and_comes_back(
    study: Study, copied: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusefront.benchmark.study.study.PROTOCOL_VERSION", 9)
    planned = runner.plan(study, copied)
    assert len(planned.outdated) == 6
    assert not planned.finished
    assert all(path.is_file() for path in planned.outdated)
    monkeypatch.undo()
    assert statuses(study, copied) == {"cached": 6}
    assert_same(copied, directory)


def test_a_run_that_comes_back_damaged_is_computed_again(
    study: Study, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusefront.benchmark.study.study.PROTOCOL_VERSION", 9)
    first, *_ = runner.plan(study, copied).outdated
    first.write_bytes(first.read_bytes()[:100])
    monkeypatch.undo()
    planned = runner.plan(study, copied)
    assert len(planned.finished) == 5
    assert (copied / "parts" / f"{first.name}.damaged").is_file()


def test_place_that_cannot_be_written_is_refused_before_any_work(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")

    def no_work(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(runner, "prepare", no_work)
    with pytest.raises(StoreError, match=r"must be writable.*choose another directory"):
        runner.plan(study, tmp_path / "file")


def test_run_in_python_returns_the_results(study: Study, copied: Path) -> None:
    results = package.run(study, copied, jobs=2)
    assert len(results.runs) == 6
    assert not results.scores.empty


@pytest.mark.parametrize(
    "text", ["ls-coefficients[steps=12,rays=3]", "phn-ls[steps=12]", "pwemoe-ls[steps=12]"]
)
def test_rehearsal_finds_the_peak_of_the_full_fit(text: str) -> None:
    spec = AlgorithmSpec.parse(text, ALGORITHMS)
    study = Study(problems=problems(PROBLEM), algorithms=(spec,), seeds=1, budget=6_000)
    problem = PROBLEMS[PROBLEM].load()()
    (planned,) = study.canonical(ALGORITHMS).expand(ALGORITHMS, {PROBLEM: problem.hash()})
    record = compute(planned, problem.hash(), InProcess())
    assert record.status == "done", record.traceback
    assert record.gradient_steps > 4
    view = open_view(problem, units=6_000)
    view.milestone = lambda pareto_set: None  # type: ignore[method-assign] # kept by the protocol
    with PeakMemory() as memory:
        spec.load(ALGORITHMS).fit(view, generator=torch.Generator().manual_seed(0))
    whole = view.experts.nbytes + memory.peak_bytes
    assert record.peak_bytes == pytest.approx(whole, abs=1_000)  # row indices left of an epoch


def test_record_keeps_what_the_points_were_made_of(directory: Path) -> None:
    results = loading.load(directory)
    soup = results.points.query("algorithm == 'rewarded-soup'")
    np.testing.assert_allclose(
        np.stack(soup["coefficients"].to_list()),
        np.stack(soup["preference"].to_list()),
        rtol=1e-6,
    )
    assert set(soup["space"]) == {"task"}


def test_arithmetic_of_a_run_is_recorded(directory: Path) -> None:
    for versions in package.load(directory).runs["versions"]:
        assert json.loads(versions)["fit"] == "float32"


def test_parts_are_compacted_while_the_study_runs(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute_module, "COMPACTED_EVERY", 2)
    planned = runner.plan(study, tmp_path)
    done = 0
    with closing(execute(planned, tmp_path, jobs=1, executor=start_of("inline"))) as events:
        for event in events:
            done += event.status == "done"
            if done == 3:
                break
    found = CompactedTables.find(tmp_path)
    assert found is not None
    assert len(found.part_files) == 2
    assert len(Snapshot(tmp_path).runs) == 3
