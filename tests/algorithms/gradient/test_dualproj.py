"""The weighted sum of the gradients projected on their dual cone, against brute force."""

import itertools

import numpy as np
import pytest
import torch
from tests.algorithms.gradient.gramians import Array, gradients, step
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.gradient.solvers import DualProj, UPGrad
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.training.rays import rays
from fusefront.problems.experts import Coefficients

CASES = [(m, seed, rank) for m in (2, 3, 4, 5) for seed in range(6) for rank in {m, max(1, m - 1)}]


def preference(m: int, seed: int) -> Array:
    found: Array = np.random.default_rng(100 + seed).dirichlet(np.ones(m))
    return found


def direction(rows: Array, p: Array) -> Array:
    found: Array = DualProj()(step(rows, preference=p)).numpy() @ rows
    return found


def nearest_over_active_sets(rows: Array, target: Array) -> Array:
    """Return the nearest of the projections on {x: <g_i, x> = 0, i in a set} in the cone."""
    best, distance = target, np.inf
    for size in range(len(rows) + 1):
        for active in itertools.combinations(range(len(rows)), size):
            part = rows[list(active)]
            x = target - np.linalg.pinv(part) @ (part @ target) if active else target
            inside = (rows @ x >= -1e-9 * np.linalg.norm(rows, axis=1)).all()
            if inside and float(np.linalg.norm(x - target)) < distance:
                best, distance = x, float(np.linalg.norm(x - target))
    return best


@pytest.mark.parametrize(("m", "seed", "rank"), CASES)
def test_step_is_the_nearest_to_the_weighted_sum_over_all_active_sets(
    m: int, seed: int, rank: int
) -> None:
    rows, p = gradients(m, seed, rank=rank), preference(m, seed)
    expected = nearest_over_active_sets(rows, p @ rows)
    scale = np.abs(rows).max()
    np.testing.assert_allclose(direction(rows, p) / scale, expected / scale, atol=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_two_gradients_have_a_closed_form(seed: int) -> None:
    """The opposing gradient's weight grows until the sum is orthogonal to it."""
    rows, p = gradients(2, seed), preference(2, seed)
    expected = p.copy()
    for i in (0, 1):
        against = rows[i] @ (p @ rows)
        if against < 0:
            expected[i] -= against / (rows[i] @ rows[i])
    found = DualProj()(step(rows, preference=p)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_closed_form_is_tried_with_and_without_conflict() -> None:
    against = [
        (gradients(2, seed) @ (preference(2, seed) @ gradients(2, seed))).min()
        for seed in range(12)
    ]
    assert min(against) < 0 < max(against)


def test_sum_that_opposes_no_task_is_left_alone_where_gradients_conflict() -> None:
    """UPGrad, which projects the gradients one by one, takes another step there."""
    rows, p = np.array([[1.0, 0.2], [-0.4, 1.0]]), np.array([0.5, 0.5])
    assert rows[0] @ rows[1] < 0
    np.testing.assert_allclose(DualProj()(step(rows, preference=p)), p, atol=1e-9)
    assert not np.allclose(UPGrad()(step(rows, preference=p)), p, atol=1e-2)


@pytest.mark.parametrize("m", [2, 3])
def test_every_ray_ends_on_the_front_of_the_quadratic(m: int) -> None:
    """Coefficients on the simplex."""
    algorithm = ALGORITHMS["dualproj-coefficients"].make(rays=4, steps=80)
    answer = algorithm.fit(quadratic_view(m), generator=torch.Generator().manual_seed(1))
    assert isinstance(answer, FiniteSet)
    for point in answer.points:
        assert isinstance(point, Coefficients)
        assert float(point.values.sum()) == pytest.approx(1, abs=0.05)
        assert (point.values >= -0.03).all()


def test_importance_lowers_the_loss_from_a_start_that_is_not_on_the_front() -> None:
    view = quadratic_view(2)
    algorithm = ALGORITHMS["dualproj-coefficients"].make(
        rays=5, steps=60, chained=False, initial=0.0
    )
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
    assert isinstance(answer, FiniteSet)
    first = [view.objectives(point)[0] for point in answer.points]
    assert [float(ray[0]) for ray in rays(2, 5)] == [0, 0.25, 0.5, 0.75, 1]
    assert first[0] > first[2] > first[4]


def test_fine_tuning_starts_at_the_mean_of_the_experts() -> None:
    view = quadratic_view(3)
    generator = torch.Generator().manual_seed(1)
    model = (
        ALGORITHMS["dualproj-finetune"]
        .make(steps=0)
        .fit(view, generator=generator)
        .model([1, 0, 0])
    )
    torch.testing.assert_close(model, view.experts.task_vectors.mean(dim=0))


def test_a_step_costs_three_units_per_example_for_all_gradients() -> None:
    view = quadratic_view(2)
    generator = torch.Generator().manual_seed(1)
    ALGORITHMS["dualproj-coefficients"].make(rays=3, steps=4, batch_size=2).fit(
        view, generator=generator
    )
    assert view.budget.ledger.units == 3 * (4 * 3 * 2 * 2 + 32)
