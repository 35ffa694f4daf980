import numpy as np
import pytest
import torch
from tests.problems.analytic.independent import Exact, monte_carlo, staircases, tchebycheff_minimum

from fusefront.errors import ParameterError
from fusefront.metrics.nondominated import nondominated
from fusefront.problems.analytic.capacity import CapacityProblem

QS = [0.5, 0.75, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("q", QS)
@pytest.mark.parametrize("m", [2, 5])
def test_pretrained_model_is_at_one_and_experts_are_at_the_axes(q: float, m: int) -> None:
    problem = CapacityProblem(n_tasks=m, q=q)
    for split in ("validation", "test"):
        anchors = problem.anchors(split)
        np.testing.assert_allclose(anchors.pretrained, 1, atol=1e-15)
        np.testing.assert_allclose(anchors.experts, 1 - np.eye(m), atol=1e-14)


@pytest.mark.parametrize("q", QS)
def test_losses_follow_the_docstring(q: float) -> None:
    problem = CapacityProblem(n_tasks=3, q=q)
    exact, generator = Exact(problem), np.random.default_rng(0)
    axes, start = problem._axes_and_start
    power, norm = (1, q) if q >= 1 else (1 / q, 1)
    for scale in (0.1, 0.5, 1.5):
        c = scale * generator.normal(0, 1, 3)
        beside = generator.normal(0, 0.1, 64)
        beside -= axes.T @ (axes @ beside)
        load = sum(max(x, 0) ** norm for x in c) ** (1 / norm)
        penalty = 2 * max(load**power - 1, 0) + beside @ beside / 2
        expected = [1 - np.sign(x) * abs(x) ** power + penalty for x in c]
        np.testing.assert_allclose(exact(c @ axes + beside - start), expected, atol=1e-12)


@pytest.mark.parametrize("q", QS)
def test_random_parameters_are_never_beyond_the_front(q: float) -> None:
    problem = CapacityProblem(n_tasks=3, q=q, dimension=8)
    exact, generator = Exact(problem), np.random.default_rng(1)
    axes, start = problem._axes_and_start
    for scale in (0.3, 0.6, 1.0, 2.0):
        for _ in range(100):
            c = scale * np.abs(generator.normal(0, 1, 3))
            x = c @ axes - start + generator.normal(0, 0.01, 8)
            used = np.maximum(1 - exact(x), 0)
            assert (used**q).sum() <= 1 + 1e-9


@pytest.mark.parametrize("q", QS)
def test_beyond_the_capacity_every_task_loses(q: float) -> None:
    problem = CapacityProblem(n_tasks=3, q=q)
    exact, (axes, start) = Exact(problem), problem._axes_and_start
    norm = max(q, 1.0)
    for c in np.abs(np.random.default_rng(2).normal(0, 1.5, (50, 3))):
        load = (c**norm).sum() ** (1 / norm)
        if load > 1.01:
            assert (exact(c / load @ axes - start) < exact(c @ axes - start) - 1e-3).all()


@pytest.mark.parametrize("q", [0.5, 1.0, 2.0])
def test_tchebycheff_minima_over_all_parameters_are_the_front(q: float) -> None:
    problem = CapacityProblem(q=q, dimension=8)
    exact, front = Exact(problem), problem.front(200_001)
    axes, start = problem._axes_and_start
    for share in (0.3, 0.8):
        weights = np.array([share, 1 - share])
        # Many starts: for q < 1 the front is not convex, and SLSQP may end in a corner.
        shares = np.linspace(0.05, 0.95, 10)
        starts = np.column_stack([shares, 1 - shares]) ** 2 @ axes - start
        g = tchebycheff_minimum(exact, weights, starts)
        stated = (front * weights).max(axis=1).min()
        assert (weights * g).max() == pytest.approx(stated, abs=1e-4)
        assert (weights * g).max() >= stated - 1e-5


@pytest.mark.parametrize("q", QS)
@pytest.mark.parametrize("ref", [1.0, 1.1])
def test_hypervolume_of_two_tasks_equals_that_of_a_million_sorted_points(
    q: float, ref: float
) -> None:
    problem = CapacityProblem(q=q)
    least, greatest = staircases(problem.front(1_000_000), ref)
    stated = problem.maximal_hypervolume(ref)
    assert stated is not None
    assert least - 1e-12 <= stated <= greatest + 1e-12
    assert stated == pytest.approx((least + greatest) / 2, abs=2e-6)


@pytest.mark.parametrize(
    ("q", "m", "ref"), [(0.5, 3, 1.1), (1.0, 3, 1.0), (2.0, 5, 1.0), (2.0, 8, 1.1), (3.0, 10, 1.1)]
)
def test_hypervolume_of_more_tasks_agrees_with_random_points(q: float, m: int, ref: float) -> None:
    def dominated(g: np.ndarray) -> np.ndarray:
        return np.asarray((np.maximum(1 - g, 0) ** q).sum(axis=1) <= 1)

    found, error = monte_carlo(dominated, m, ref)
    stated = CapacityProblem(n_tasks=m, q=q).maximal_hypervolume(ref)
    assert stated == pytest.approx(found, abs=4 * error)
    assert error < 0.05 * found


def test_hypervolume_is_that_of_a_disc_a_triangle_and_a_ball() -> None:
    assert CapacityProblem(q=2.0).maximal_hypervolume(1.0) == pytest.approx(np.pi / 4)
    assert CapacityProblem(q=1.0).maximal_hypervolume(1.0) == pytest.approx(1 / 2)
    assert CapacityProblem(q=2.0, n_tasks=3).maximal_hypervolume(1.0) == pytest.approx(np.pi / 6)
    assert CapacityProblem(q=1.0).maximal_hypervolume(2.0) == pytest.approx(3.5)
    assert CapacityProblem().maximal_hypervolume(0.9) is None


@pytest.mark.parametrize("q", QS)
@pytest.mark.parametrize("m", [2, 3, 10])
def test_front_is_the_superellipse_and_nondominated(q: float, m: int) -> None:
    front = CapacityProblem(n_tasks=m, q=q).true_front()
    np.testing.assert_allclose(((1 - front) ** q).sum(axis=1), 1)
    assert nondominated(front).all()
    assert front.min() == 0
    assert front.max() == 1


@pytest.mark.parametrize("q", QS)
def test_gradients_are_finite_at_the_anchors_and_beyond_the_capacity(q: float) -> None:
    problem = CapacityProblem(n_tasks=3, q=q)
    pool, oracle = problem.pool(), problem.oracle(frozenset({"calibration"}))
    batch = oracle.batch("calibration", [torch.arange(1)] * 3, labelled=True)
    moves = [0 * pool.task_vectors[0], *pool.task_vectors, pool.task_vectors.sum(0)]
    for move in moves:
        params = (pool.pretrained + move).requires_grad_()
        for loss in oracle.losses(params, batch):
            (gradient,) = torch.autograd.grad(loss, params, retain_graph=True)
            assert gradient.isfinite().all()
            assert (gradient != 0).any()


def test_exponents_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"q\]` must be in \[0\.2, 10\]\. Found 0"):
        CapacityProblem(q=0.0)
