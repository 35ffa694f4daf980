"""Kinds that lack what they need in the results end in an error that says what is missing."""

import pytest
from tests.results.plots.study import study

from fusefront.errors import FusefrontError, ParameterError, ShapeError, UnknownNameError
from fusefront.results.plots.draw import draw
from fusefront.results.plots.task_vectors import draw_task_vectors
from fusefront.results.results import Results

PAIR, TRIPLE, FIVE = "other-pair", "triple-with-a-rather-long-name", "five"


def without_points(results: Results) -> Results:
    return results.with_frames(points=results.points.assign(coefficients=None, space="weights"))


@pytest.mark.parametrize(
    ("kind", "problem", "message"),
    [
        ("front-3d", PAIR, r"problem with three tasks\. Found only problems with 2 tasks"),
        ("parallel", PAIR, r"three tasks or more\. Found only problems with 2 tasks"),
        ("ternary", PAIR, "a done run on a problem with three tasks"),
        ("ternary", FIVE, "a done run on a problem with three tasks"),
        ("attainment", TRIPLE, r"problem with two tasks\. Found only problems with 3 tasks"),
        ("landscape", TRIPLE, "on a problem with two tasks"),
        ("critical-difference", PAIR, r"two problems or more\. Found 3 on 1"),
    ],
)
def test_problems_of_the_wrong_kind_are_refused(kind: str, problem: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        draw(study(3), kind, problems=[problem])


@pytest.mark.parametrize("kind", ["anytime", "ecdf", "rank-over-budget"])
def test_results_without_milestones_are_refused(kind: str) -> None:
    with pytest.raises(ParameterError, match="must have milestones"):
        draw(study(3, milestones=False), kind)


def test_one_seed_has_no_attainment() -> None:
    with pytest.raises(ParameterError, match=r"two or more seeds.*Found one seed"):
        draw(study(3, 1), "attainment")


@pytest.mark.parametrize(
    ("kind", "message"), [("coefficients", "merging coefficients"), ("landscape", "space `task`")]
)
def test_results_without_coefficients_are_refused(kind: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        draw(without_points(study(3)), kind)


def test_metrics_without_values_are_refused() -> None:
    with pytest.raises(ParameterError, match="must have values of `energy-joules`"):
        draw(study(3), "box", metric="energy-joules")
    with pytest.raises(UnknownNameError, match="expected-utility"):
        draw(study(3), "box", metric="expected-utilty")


def test_profiles_need_positive_values() -> None:
    results = study(3)
    free = results.with_frames(runs=results.runs.assign(units=0))
    with pytest.raises(ParameterError, match=r"positive values.*Found 0 of"):
        draw(free, "profile", metric="units")


def test_unknown_kinds_problems_and_algorithms_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="heat-map"):
        draw(study(3), "heatmap")
    with pytest.raises(UnknownNameError, match="other-pair"):
        draw(study(3), problems=["other-par"])
    with pytest.raises(UnknownNameError, match="rewarded-soup"):
        draw(study(3), algorithms=["rewarded-sop"])


@pytest.mark.parametrize("kind", ["front", "anytime", "box", "heat-map", "cost-quality", "ternary"])
def test_results_without_any_done_run_are_refused(kind: str) -> None:
    results = study(3)
    empty = {name: getattr(results, name).iloc[:0] for name in ("fronts", "points", "milestones")}
    failed = results.with_frames(runs=results.runs.assign(status="failed"), **empty)
    with pytest.raises(FusefrontError, match="must have"):
        draw(failed, kind)


def test_task_vectors_need_two_and_their_names() -> None:
    import numpy as np

    with pytest.raises(ShapeError, match="t at least 2"):
        draw_task_vectors(np.ones((1, 4)), ["one"], "p")
    with pytest.raises(ShapeError, match="3 names"):
        draw_task_vectors(np.ones((2, 4)), ["one", "two", "three"], "p")
