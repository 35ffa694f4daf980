"""The shipped results are undamaged, plausible, and what the current code computes."""

from pathlib import Path

import numpy as np
import pytest
from tests.specs import problems

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.file import suite_study
from fusefront.metrics.nondominated import nondominated
from fusefront.results.references import freeze, load_reference

SUITE = fusefront.SUITES["default"].load()


@pytest.fixture(scope="module")
def prerun() -> fusefront.Results:
    return fusefront.load_prerun("default")


def test_every_run_of_the_suite_is_there_and_done(prerun: fusefront.Results) -> None:
    runs = prerun.runs
    assert set(runs["status"]) == {"done"}
    assert len(runs) == len(SUITE.problems) * len(SUITE.algorithms) * SUITE.seeds
    assert set(runs["problem"]) == set(SUITE.problems)
    assert set(runs["display_name"]) == set(SUITE.algorithms)
    assert SUITE.seeds >= 3


def test_ids_are_those_that_this_code_gives_these_runs(
    prerun: fusefront.Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parameters that were added since then have the behaviour of before as their default."""
    monkeypatch.setattr("fusefront.benchmark.study.study.PROTOCOL_VERSION", 1)
    study = suite_study("default", ALGORITHMS).canonical(ALGORITHMS)
    hashes = {spec.name: spec.load().hash() for spec in study.problems}
    wanted = {spec.run_id for spec in study.expand(ALGORITHMS, hashes)}
    assert set(prerun.runs["run_id"]) == wanted


def test_the_pretrained_model_is_at_one_and_the_experts_corners_at_zero(
    prerun: fusefront.Results,
) -> None:
    fronts = prerun.fronts
    pretrained = fronts[fronts["algorithm"] == "pretrained"]["objective"]
    np.testing.assert_allclose(pretrained, 1, atol=0.01)
    soup = fronts[fronts["algorithm"] == "rewarded-soup"]
    tasks = soup.groupby("problem")["task"].unique()
    corner = [
        preference[list(tasks[problem]).index(task)] == 1
        for problem, task, preference in zip(
            soup["problem"], soup["task"], soup["preference"], strict=True
        )
    ]
    np.testing.assert_allclose(soup["objective"][corner], 0, atol=0.01)


def test_no_fit_spent_more_than_its_budget(prerun: fusefront.Results) -> None:
    assert (prerun.runs["units"] <= prerun.runs["budget_units"]).all()


def test_costs_were_measured_for_every_run(prerun: fusefront.Results) -> None:
    for column in ("peak_bytes", "storage_bytes", "wall_seconds", "trainable_parameters"):
        assert prerun.runs[column].notna().all(), column


def test_a_searched_set_beats_the_best_constant_on_every_pair(prerun: fusefront.Results) -> None:
    scores = prerun.scores
    scores = scores[(scores["metric"] == "expected-utility")]
    mean = scores.groupby(["problem", "display_name"])["value"].mean().unstack()
    constants = ["pretrained", "simple-average", "task-arithmetic", "adamerging-task"]
    for problem in SUITE.problems[:15]:
        assert mean.loc[problem, "map"] < mean.loc[problem, constants].min(), problem


@pytest.mark.parametrize("problem", SUITE.problems)
def test_reference_front_is_nondominated_and_no_run_is_beyond_it(
    prerun: fusefront.Results, problem: str
) -> None:
    front = load_reference(problem)
    assert front is not None
    assert nondominated(front.points).all()
    rows = prerun.fronts[prerun.fronts["problem"] == problem]
    points = rows["objective"].to_numpy().reshape(-1, front.points.shape[1])
    both = np.vstack([front.points, points])
    assert nondominated(both)[: len(front.points)].all()


def test_a_run_computed_here_gives_the_archived_accuracies(
    prerun: fusefront.Results, tmp_path: Path
) -> None:
    study = fusefront.Study(
        problems=problems("digits-mnist-optdigits"),
        algorithms=(fusefront.AlgorithmSpec(name="rewarded-soup"),),
        seeds=1,
        budget=SUITE.budget,
    )
    here = fusefront.run(study, tmp_path / "run")
    # Their ids differ, since the archive is of protocol 1, which scored maps in the same way.
    keys = ["problem", "algorithm", "seed", "point", "task"]
    archived = prerun.fronts.merge(here.fronts, on=keys, suffixes=("", "_here"))
    assert len(archived) == 11 * 2
    # Other processors round differently: two examples may change sides.
    assert ((archived["value"] - archived["value_here"]).abs() * archived["n"] <= 2.01).all()


def test_the_reference_fronts_are_made_of_this_archive(
    prerun: fusefront.Results, tmp_path: Path
) -> None:
    made = dict(freeze(prerun, tmp_path))
    assert set(made) == set(SUITE.problems)
    for problem, front in made.items():
        stored = load_reference(problem)
        assert stored is not None
        assert (stored.sha256, stored.note) == (front.sha256, front.note)
