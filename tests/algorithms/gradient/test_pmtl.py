"""PMTL's sectors, and its two phases on problems whose fronts are known."""

import numpy as np
import pytest
import torch
from tests.algorithms.gradient.gramians import Array, gradients, step
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms.gradient.least_norm import least_norm
from fusefront.algorithms.gradient.pmtl import PMTLCoefficients, Sector, directions
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.training.rays import rays


def sector_of(objectives: Array, u: Array) -> int:
    return int((u @ objectives).argmax())


def differences(u: Array, k: int) -> Array:
    found: Array = np.delete(u, k, axis=0) - u[k]
    return found


def test_direction_is_where_importance_times_loss_is_equal() -> None:
    u = directions(np.array([[0.8, 0.2], [0.5, 0.5], [1.0, 0.0]]))
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1)
    np.testing.assert_allclose(u[0], np.array([0.2, 0.8]) / 0.68**0.5)
    assert u[2, 0] == pytest.approx(0.01, rel=1e-2)


@pytest.mark.parametrize("seed", range(5))
def test_step_inside_the_sector_is_that_of_mgda(seed: int) -> None:
    rows = gradients(3, seed, spread=0.3)
    u = directions(rays(3, 10).double().numpy())
    for entering in (True, False):
        sector = Sector(others=differences(u, 4), entering=entering)
        weights = sector(step(rows, losses=u[4])).numpy()
        expected = least_norm(rows @ rows.T)
        np.testing.assert_allclose(weights / weights.sum(), expected, atol=1e-7)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("entering", [True, False])
def test_step_outside_lowers_every_active_constraint_and_later_every_task(
    seed: int, entering: bool
) -> None:
    rows = gradients(2, seed, spread=0.3)
    u = directions(rays(2, 5).double().numpy())
    losses = np.random.default_rng(seed).uniform(size=2)
    k = (sector_of(losses, u) + 2) % 5
    others = differences(u, k)
    weights = Sector(others=others, entering=entering)(step(rows, losses=losses)).numpy()
    active = others[others @ losses >= 0]
    change = -(rows @ rows.T) @ weights
    tiny = 1e-7 * np.abs(rows).max() ** 2
    assert len(active) > 0
    assert (active @ change <= tiny).all()
    assert entering or (change <= tiny).all()
    assert np.abs(weights).sum() == pytest.approx(2)


@pytest.mark.parametrize("m", [2, 3])
def test_every_model_ends_in_its_sector_and_near_the_front(m: int) -> None:
    """With quadratic losses the front has non-negative coefficients that sum to 1."""
    view = quadratic_view(m)
    answer = PMTLCoefficients(rays=3, steps=80).fit(view, generator=torch.Generator())
    assert isinstance(answer, FiniteSet)
    u = directions(rays(m, 3).double().numpy())
    expert = view.anchors.experts_loss.diagonal()
    scale = view.anchors.pretrained_loss - expert
    for k, point in enumerate(answer.points):
        objectives = (view.evaluate(point).loss - expert) / scale
        assert (differences(u, k) @ objectives <= 0.02).all()
        values = point.values if not isinstance(point, torch.Tensor) else point
        assert float(values.sum()) == pytest.approx(1, abs=0.05)
        assert (values >= -0.02).all()
