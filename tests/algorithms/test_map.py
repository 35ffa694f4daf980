from itertools import combinations_with_replacement

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms.map.map import MAP, farthest_points, search_front
from fusefront.algorithms.map.surrogate import QuadraticSurrogate, quadratic_features
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.training.measured_pool import sobol
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import SIZES, ToyProblem, open_view, toy_problem

Array = NDArray[np.float64]
QUICK = MAP(population=20, generations=5, examples=20, points=6)


def design(m: int) -> Array:
    sampled = sobol(m, (m + 1) * (m + 2), torch.Generator().manual_seed(m)).double().numpy()
    return np.vstack([np.zeros(m), np.eye(m), sampled])


def logit_quadratic(points: Array, a: Array, b: Array, e: float) -> Array:
    """sigmoid(e + b^T c + c^T A c / 2)."""
    inner = e + points @ b + 0.5 * np.einsum("ki,ij,kj->k", points, a, points)
    value: Array = 1 / (1 + np.exp(-inner))
    return value


def noisy_fit(ridge: float) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(0)
    points = design(2)
    accuracy = generator.uniform(0.3, 0.95, (len(points), 2))
    n = generator.integers(50, 500, accuracy.shape).astype(float)
    return points, accuracy, n


@pytest.mark.parametrize("m", [2, 3, 8])
def test_surrogate_recovers_an_exact_quadratic(m: int) -> None:
    generator = np.random.default_rng(m)
    half = generator.normal(size=(m, m))
    a, b, e = (half + half.T) / 2, generator.normal(size=m), 0.4
    points = design(m)
    accuracy = logit_quadratic(points, a, b, e)[:, None]
    fitted = QuadraticSurrogate.fit(points, accuracy, np.full_like(accuracy, 1e6), ridge=1e-12)
    found_e, found_b, products = np.split(fitted.weights[0], [1, 1 + m])
    found_a = np.zeros((m, m))
    for value, (i, j) in zip(products, combinations_with_replacement(range(m), 2), strict=True):
        found_a[i, j] += value
        found_a[j, i] += value
    np.testing.assert_allclose(found_e, e, atol=1e-6)
    np.testing.assert_allclose(found_b, b, atol=1e-6)
    np.testing.assert_allclose(found_a, a, atol=1e-6)
    assert fitted.loo_r2[0] == pytest.approx(1, abs=1e-6)
    elsewhere = generator.uniform(size=(20, m))
    expected = logit_quadratic(elsewhere, a, b, e)
    np.testing.assert_allclose(fitted.predict(elsewhere)[:, 0], expected, atol=1e-6)


def test_leave_one_out_r2_is_that_of_refitting_without_each_point() -> None:
    points, accuracy, n = noisy_fit(ridge=0.1)
    fitted = QuadraticSurrogate.fit(points, accuracy, n, ridge=0.1)
    features = quadratic_features(points)
    for task in range(2):
        y, count = accuracy[:, task], n[:, task]
        target, weight = np.log(y / (1 - y)), count * y * (1 - y)
        penalty = 0.1 * weight.mean() * np.eye(features.shape[1])
        penalty[0, 0] = 0
        error = 0.0
        for left_out in range(len(points)):
            keep = np.arange(len(points)) != left_out
            x, w = features[keep], weight[keep]
            solution = np.linalg.solve(x.T @ (w[:, None] * x) + penalty, x.T @ (w * target[keep]))
            error += weight[left_out] * (target[left_out] - features[left_out] @ solution) ** 2
        mean = np.average(target, weights=weight)
        expected = 1 - error / np.sum(weight * (target - mean) ** 2)
        assert fitted.loo_r2[task] == pytest.approx(expected)


def test_points_measured_on_more_examples_weigh_more() -> None:
    points = np.repeat(design(2), 2, axis=0)
    accuracy = np.tile([[0.6], [0.8]], (len(points) // 2, 1))
    n = np.tile([[1e6], [10.0]], (len(points) // 2, 1))
    predicted = QuadraticSurrogate.fit(points, accuracy, n, ridge=1e-9).predict(points)
    np.testing.assert_allclose(predicted, 0.6, atol=1e-3)


def test_accuracies_that_do_not_vary_are_explained_in_full() -> None:
    points = design(2)
    accuracy = np.full((len(points), 2), 0.7)
    fitted = QuadraticSurrogate.fit(points, accuracy, np.full_like(accuracy, 100), ridge=1e-3)
    assert fitted.loo_r2.tolist() == [1, 1]
    np.testing.assert_allclose(fitted.predict(points), 0.7)


def test_accuracies_of_0_and_1_have_finite_fits() -> None:
    points = design(2)
    accuracy = (points > 0.5).astype(float)
    fitted = QuadraticSurrogate.fit(points, accuracy, np.full_like(accuracy, 50), ridge=1e-3)
    assert np.isfinite(fitted.weights).all()
    assert np.isfinite(fitted.predict(1e4 * points)).all()


@pytest.mark.parametrize("m", range(2, 11))
def test_sobol_design_identifies_every_coefficient_of_the_quadratic(m: int) -> None:
    features = quadratic_features(design(m)[m + 1 :])
    assert features.shape == ((m + 1) * (m + 2), (m + 1) * (m + 2) // 2)
    assert np.linalg.matrix_rank(features) == features.shape[1]


def disc(points: Array) -> Array:
    """Distances to (0.2, 0.2) and (0.8, 0.8): the front is the segment between."""
    targets = np.array([[0.2, 0.2], [0.8, 0.8]])
    found: Array = np.linalg.norm(points[:, None] - targets, axis=2)
    return found


def test_search_finds_a_known_front_inside_the_box() -> None:
    front = search_front(disc, tasks=2, upper=1.0, population=20, generations=60, seed=0)
    assert len(front) >= 10
    np.testing.assert_allclose(disc(front).sum(axis=1), 0.6 * 2**0.5, atol=0.04)
    np.testing.assert_allclose(disc(front).min(axis=0), 0, atol=0.03)


def test_search_stays_in_the_box() -> None:
    front = search_front(disc, tasks=2, upper=0.5, population=20, generations=10, seed=0)
    assert front.min() >= 0
    assert front.max() <= 0.5


def test_search_depends_on_its_seed_only() -> None:
    def search(seed: int) -> Array:
        return search_front(disc, tasks=2, upper=1.0, population=20, generations=5, seed=seed)

    np.testing.assert_array_equal(search(1), search(1))
    assert not np.array_equal(search(1), search(2))


def test_farthest_points_are_distinct_and_start_with_the_best_of_each_task() -> None:
    objectives = np.random.default_rng(0).uniform(size=(40, 3))
    chosen = farthest_points(objectives, 10)
    assert len(set(chosen.tolist())) == 10
    assert set(objectives.argmin(axis=0)) <= set(chosen[:3].tolist())


def test_farthest_points_spread_over_a_line() -> None:
    line = np.stack([np.linspace(0, 1, 101), np.linspace(1, 0, 101)], axis=1)
    assert sorted(farthest_points(line, 5).tolist()) == [0, 25, 50, 75, 100]


def test_farthest_points_are_at_most_the_distinct_ones() -> None:
    assert farthest_points(np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]), 3).tolist() == [0, 2]
    assert farthest_points(np.array([[0.0, 1.0], [1.0, 0.0]]), 1).tolist() == [0]


def fit(problem: ToyProblem, units: int | None = None) -> tuple[FiniteSet, dict[str, int]]:
    view = open_view(problem, units=units)
    answer = QUICK.fit(view, generator=torch.Generator().manual_seed(0))
    assert isinstance(answer, FiniteSet)
    return answer, view.budget.ledger.as_dict()


def test_design_takes_as_many_evaluations_as_the_paper_says_and_each_point_of_the_front_one(
    problem: ToyProblem,
) -> None:
    answer, ledger = fit(problem)
    m = len(problem.tasks)
    size = (m + 1) * (m + 2)
    assert ledger["validation_evaluations"] == size + len(answer.points)
    distinct, whole = (1, 80) if m == 2 else (2, 120)
    assert ledger["units"] == size * 20 * distinct + len(answer.points) * whole


def test_front_is_measured_on_all_of_validation(problem: ToyProblem) -> None:
    answer, _ = fit(problem)
    free = open_view(problem)
    assert 1 <= len(answer.points) <= 6
    for point, objectives in zip(answer.points, answer.objectives, strict=True):
        assert isinstance(point, Coefficients)
        assert ((point.values >= 0) & (point.values <= 1)).all()
        np.testing.assert_array_equal(free.objectives(point), objectives)


def test_fit_quality_is_logged_for_every_task(problem: ToyProblem) -> None:
    view = open_view(problem)
    QUICK.fit(view, generator=torch.Generator().manual_seed(0))
    names = [metric for _, _, metric, _ in view.traces if metric.startswith("loo_r2")]
    assert names == [f"loo_r2:{task}" for task in problem.tasks]


def test_predicted_and_measured_objectives_of_every_point_are_logged(problem: ToyProblem) -> None:
    view = open_view(problem)
    answer = QUICK.fit(view, generator=torch.Generator().manual_seed(0))
    assert isinstance(answer, FiniteSet)
    logged: dict[str, dict[int, float]] = {}
    for units, _, metric, value in view.traces:
        logged.setdefault(metric, {})[units] = value
    for i, task in enumerate(problem.tasks):
        predicted, measured = logged[f"predicted:{task}"], logged[f"measured:{task}"]
        assert list(measured.values()) == answer.objectives[:, i].tolist()
        assert predicted.keys() == measured.keys()
        assert np.isfinite(list(predicted.values())).all()


def test_predictions_are_what_is_measured_where_losses_are_quadratic() -> None:
    view = open_view(QuadraticProblem(n_tasks=3, angle=80.0))
    QUICK.fit(view, generator=torch.Generator().manual_seed(0))
    logged = {(units, metric): value for units, _, metric, value in view.traces}
    pairs = [
        (u, t)
        for u, metric in logged
        for what, _, t in [metric.partition(":")]
        if what == "measured"
    ]
    assert len(pairs) == 3 * 6
    for units, task in pairs:
        predicted = logged[units, f"predicted:{task}"]
        assert predicted == pytest.approx(logged[units, f"measured:{task}"], abs=1e-5)


def test_front_is_as_large_as_the_budget_allows() -> None:
    units = 12 * 20 + 3 * SIZES["validation"][0]
    answer, ledger = fit(toy_problem(2), units=units)
    assert len(answer.points) == 3
    assert ledger["units"] == units


def test_budget_that_ends_before_the_front_leaves_the_design() -> None:
    view = open_view(toy_problem(2), units=12 * 20 + 10)
    with pytest.raises(RuntimeError, match="budget"):
        QUICK.fit(view, generator=torch.Generator().manual_seed(0))
    answer = view.pareto_set_so_far()
    assert isinstance(answer, FiniteSet)
    assert len(answer.points) == 3 + 12
