import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from tests.problems.analytic.independent import (
    Exact,
    hull_dominates,
    monte_carlo,
    staircases,
    tchebycheff_minimum,
)

from fusefront.errors import ParameterError
from fusefront.metrics.igd import igd_plus
from fusefront.metrics.nondominated import nondominated
from fusefront.problems.analytic.saturating import SaturatingProblem


def test_losses_follow_the_docstring() -> None:
    problem = SaturatingProblem(n_tasks=3, angle=80.0, width=0.7)
    pool = problem.pool()
    params = pool.pretrained + torch.randn(64, generator=torch.Generator().manual_seed(0)) / 12
    distances = (params - pool.pretrained - pool.task_vectors).square().sum(1)
    found = problem.oracle(frozenset({"test"})).measure(params, "test").value
    np.testing.assert_allclose(found, 1 - np.exp(-distances.numpy() / 0.49), rtol=1e-5)


@pytest.mark.parametrize("width", [0.4, 0.5, 1.0])
@pytest.mark.parametrize("m", [2, 3])
def test_tchebycheff_minima_over_all_parameters_are_the_front(width: float, m: int) -> None:
    problem = SaturatingProblem(n_tasks=m, angle=60.0, width=width, dimension=4 * m)
    exact, generator = Exact(problem), np.random.default_rng(0)
    front = problem.front(200_000 if m == 2 else 50_000)
    vectors = problem.pool().task_vectors.double().numpy()
    for weights in generator.dirichlet(5 * np.ones(m), 3):
        g = tchebycheff_minimum(exact, weights, generator.dirichlet(np.ones(m), 3) @ vectors)
        stated = (front * weights).max(axis=1).min()
        assert (weights * g).max() >= stated - (1e-5 if m == 2 else 5e-3)  # sampled
        assert (weights * g).max() <= stated + 1e-6
        assert not (g < front - 1e-9).all(axis=1).any()


def test_random_parameters_are_never_beyond_the_front() -> None:
    problem = SaturatingProblem(width=0.5, dimension=16)
    exact, generator, front = Exact(problem), np.random.default_rng(1), problem.front(2000)
    vectors = problem.pool().task_vectors.double().numpy()
    for _ in range(300):
        x = generator.dirichlet([1, 1]) @ vectors + generator.normal(0, 0.01, 16)
        assert not (exact(x) < front - 1e-9).all(axis=1).any()


@pytest.mark.parametrize("width", [0.2, 0.3, 0.5, 0.7])
def test_weighted_sums_have_their_minima_within_reach_of_an_end(width: float) -> None:
    problem = SaturatingProblem(width=width)
    front, shares = problem.front(100_001), np.linspace(1, 0, 100_001)
    found = [shares[(front @ [p, 1 - p]).argmin()] for p in np.linspace(0, 1, 201)]
    assert max(min(s, 1 - s) for s in found) <= problem.reach + 1e-5
    assert problem.reach < 0.5
    # The line of slope -1 touches both ends: at them the sum of both objectives is least.
    both = minimize_scalar(
        lambda s: _sum(problem, s),
        bounds=(0, 0.5),
        method="bounded",
        options={"xatol": 1e-12},
    )
    assert both.x == pytest.approx(problem.reach, abs=1e-5)


def _sum(problem: SaturatingProblem, s: float) -> float:
    d = (1 - np.cos(np.radians(problem.angle))) * 2 * np.array([s**2, (1 - s) ** 2])
    return float((1 - np.exp(-d / problem.width**2)).sum())


@pytest.mark.parametrize("width", [0.72, 1.0, 2.0])
def test_wide_losses_have_a_convex_front(width: float) -> None:
    problem = SaturatingProblem(width=width)
    x, y = problem.front(2001).T
    slopes = np.diff(y) / np.diff(x)
    order = np.argsort(x[:-1])
    assert (np.diff(slopes[order]) > -1e-9).all()
    assert problem.reach == 0.5


@pytest.mark.parametrize(
    "problem",
    [SaturatingProblem(width=w) for w in (0.3, 0.5, 1.0)]
    + [SaturatingProblem(angle=a) for a in (30.0, 120.0)],
)
@pytest.mark.parametrize("ref", [1.0, 1.1])
def test_hypervolume_of_two_tasks_equals_that_of_a_million_sorted_points(
    problem: SaturatingProblem, ref: float
) -> None:
    least, greatest = staircases(problem.front(1_000_000), ref)
    stated = problem.maximal_hypervolume(ref)
    assert stated is not None
    assert least - 1e-12 <= stated <= greatest + 1e-12
    assert greatest - least < 5e-6
    assert stated == pytest.approx((least + greatest) / 2, abs=1e-6)


@pytest.mark.parametrize(("m", "angle", "ref"), [(3, 60.0, 1.0), (3, 90.0, 1.1), (4, 60.0, 1.1)])
def test_hypervolume_of_more_tasks_agrees_with_random_points(
    m: int, angle: float, ref: float
) -> None:
    problem = SaturatingProblem(n_tasks=m, angle=angle)
    whole, spread = 1 - np.exp(-4.0), 1 - np.cos(np.radians(angle))

    def dominated(g: np.ndarray) -> np.ndarray:
        distances = -np.log(np.maximum(1 - g * whole, 1e-300)) / 4
        return hull_dominates(distances, spread)

    found, error = monte_carlo(dominated, m, ref)
    assert problem.maximal_hypervolume(ref) == pytest.approx(found, abs=4 * error)


def test_unknown_hypervolume_is_none() -> None:
    assert SaturatingProblem(n_tasks=5).maximal_hypervolume(1.1) is None
    assert SaturatingProblem(n_tasks=4, angle=90.0).maximal_hypervolume(1.0) is None


def test_front_is_nondominated_and_its_extremes_are_ideal_and_nadir() -> None:
    for m in (2, 3, 5):
        problem = SaturatingProblem(n_tasks=m, angle=80.0)
        front = problem.true_front()
        assert nondominated(front).all()
        np.testing.assert_allclose(front.min(axis=0), problem.ideal, atol=1e-12)
        np.testing.assert_allclose(front.max(axis=0), problem.nadir)
    dense, coarse = (SaturatingProblem().front(k) for k in (60_001, 61))  # one holds the other
    assert igd_plus(dense, front=coarse) < 1e-12


def test_too_narrow_losses_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"width\]` must be at least 0\.2\. Found 0\.01"):
        SaturatingProblem(width=0.01)
