"""Pareto sets of algorithms on problems whose true front is known."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.map.map import MAP
from fusefront.algorithms.map.surrogate import QuadraticSurrogate
from fusefront.algorithms.merging.task_arithmetic import TaskArithmetic
from fusefront.algorithms.pareto_set import FiniteSet, ParetoSet
from fusefront.algorithms.search.pools import SobolPool
from fusefront.algorithms.training.rays import rays
from fusefront.entry import Entry
from fusefront.errors import NotApplicableError
from fusefront.problems.analytic.base import AnalyticProblem
from fusefront.problems.analytic.disjoint import DisjointProblem
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.analytic.saturating import SaturatingProblem
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import open_view

Array = NDArray[np.float64]
CONCAVE = SaturatingProblem(width=0.3)


def fit(problem: AnalyticProblem, algorithm: object, units: int | None = None) -> ParetoSet:
    view = open_view(problem, units=units)
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(0))  # type: ignore[attr-defined]
    assert isinstance(answer, ParetoSet)
    return answer


def descent(rays: int, steps: int) -> Any:
    return ALGORITHMS["ls-coefficients"].make(rays=rays, steps=steps, batch_size=1)


@pytest.mark.parametrize(
    ("problem", "steps"),
    [(QuadraticProblem(), 200), (QuadraticProblem(n_tasks=3, angle=60.0), 250)],
    ids=["t2", "t3"],
)
def test_weighted_sums_reach_the_point_of_every_ray_of_a_convex_front(
    problem: QuadraticProblem, steps: int
) -> None:
    answer = fit(problem, descent(4, steps))
    assert isinstance(answer, FiniteSet)
    p = rays(problem.n_tasks, 4).numpy()
    spread = 1 - np.cos(np.radians(problem.angle))
    expected = spread * ((p**2).sum(axis=1, keepdims=True) - 2 * p + 1)
    np.testing.assert_allclose(answer.objectives, expected, atol=1e-3)


def test_weighted_sums_collapse_to_the_ends_of_a_concave_front() -> None:
    answer = fit(CONCAVE, descent(4, 150))
    assert isinstance(answer, FiniteSet)
    assert (answer.objectives.min(axis=1) < 1e-3).all()
    assert (answer.objectives.max(axis=1) > 0.99).all()


def test_a_pool_reaches_the_middle_of_a_concave_front() -> None:
    answer = fit(CONCAVE, SobolPool(points=256))
    assert isinstance(answer, FiniteSet)
    front = CONCAVE.true_front()
    middle = front[np.abs(front[:, 0] - front[:, 1]).argmin()]
    best = answer.objectives.max(axis=1).min()
    assert best == pytest.approx(middle.max(), abs=0.02)
    assert best < 0.97


def test_map_fits_and_predicts_quadratic_losses_exactly() -> None:
    problem = QuadraticProblem(n_tasks=3, angle=80.0, complexity=4.0)
    view = open_view(problem)
    algorithm = MAP(population=20, generations=5)
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(0))
    fit_quality = [value for _, _, name, value in view.traces if name.startswith("loo_r2")]
    assert len(fit_quality) == 3
    assert min(fit_quality) > 1 - 1e-9
    surrogate = algorithm._surrogate(open_view(problem), torch.Generator().manual_seed(1))
    assert isinstance(answer, FiniteSet)
    for point, measured in zip(answer.points, answer.objectives, strict=True):
        assert isinstance(point, Coefficients)
        values = surrogate.predict(point.values.double().numpy()[None])
        predicted = view.anchors.objectives(values)[0]
        np.testing.assert_allclose(predicted, measured, atol=1e-5)


def test_surrogate_of_losses_that_are_not_quadratic_reports_its_error() -> None:
    problem = SaturatingProblem(width=0.4)
    view = open_view(problem)
    MAP(population=20, generations=2).fit(view, generator=torch.Generator().manual_seed(0))
    quality = [value for _, _, name, value in view.traces if name.startswith("loo_r2")]
    assert min(quality) < 0.9


def test_map_finds_the_front_of_quadratic_losses() -> None:
    problem = QuadraticProblem()
    answer = fit(problem, MAP(points=9, generations=50), units=100_000)
    assert isinstance(answer, FiniteSet)
    front = problem.front(20_001)
    distance = np.abs(front[:, None] - answer.objectives).max(axis=2).min(axis=0)
    assert distance.max() < 0.02


def test_surrogate_is_a_least_squares_fit() -> None:
    generator = np.random.default_rng(0)
    points, losses = generator.uniform(size=(20, 2)), generator.normal(5, 3, (20, 2))
    fitted = QuadraticSurrogate.fit_losses(points, losses)
    x, y = points.T
    design = np.stack([np.ones(20), x, y, x * x, x * y, y * y], axis=1)
    expected = np.linalg.lstsq(design, losses, rcond=None)[0]
    np.testing.assert_allclose(fitted.predict(points), design @ expected, atol=1e-9)


def test_adding_all_task_vectors_is_best_where_tasks_are_disjoint() -> None:
    problem = DisjointProblem(n_tasks=5)
    coefficients = fit(problem, TaskArithmetic()).coefficients(np.full(5, 0.2))
    assert coefficients is not None
    assert coefficients.values.tolist() == [1.0] * 5


@pytest.mark.parametrize("entry", list(ALGORITHMS), ids=lambda entry: entry.name)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_every_algorithm_returns_a_pareto_set_or_states_why_not(
    entry: Entry[type[Algorithm]], noise: float
) -> None:
    """Only what needs predicted distributions or weight matrices does not apply."""
    problem = QuadraticProblem(noise=noise)
    algorithm = quick(entry.make())
    needs_matrices = entry.labels["space"] == "low-rank" or entry.name in {"lorpman", "palora"}
    needs_network = entry.name in {"logits-fusion", "dynamic-logits-fusion", "cosmos"}
    needs_network |= entry.name.endswith("-flat-finetune")
    if entry.labels["data"] == "unlabelled" or needs_matrices or needs_network:
        reasons = r"predict|linear layers|transductive|have a matrix|embedding"
        with pytest.raises(NotApplicableError, match=reasons):
            fit(problem, algorithm, 10_000)
        return
    answer = fit(problem, algorithm, 10_000)
    oracle = problem.oracle(frozenset({"test"}))
    for preference in ([1.0, 0.0], [0.5, 0.5], [0.0, 1.0]):
        for model in answer.models(preference):
            g = problem.anchors("test").objectives(oracle.measure(model, "test").value)
            assert np.isfinite(g).all()


def quick(algorithm: Algorithm) -> Algorithm:
    """Return the algorithm with few iterations of everything."""
    few = {"steps": 4, "points": 11, "generations": 2, "population": 20, "samples": 4}
    fields = {f.name: getattr(algorithm, f.name) for f in dataclasses.fields(algorithm)}
    return dataclasses.replace(
        algorithm, **{k: min(v, fields[k]) for k, v in few.items() if k in fields}
    )
