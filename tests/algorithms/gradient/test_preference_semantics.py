"""Preference 0.8, 0.2 on fronts of two parameters: more importance, smaller loss.

Parameters are a place t on the front and a distance s from it, which adds s^2 to both losses.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from fusefront.algorithms.training.epo import EPO
from fusefront.algorithms.training.weighting import Step, Weighting
from fusefront.algorithms.training.weightings import Linear, SmoothTchebycheff, Tchebycheff

PREFERENCE = torch.tensor([0.8, 0.2], dtype=torch.float64)
FRONTS: dict[str, Callable[[float], tuple[list[float], list[float]]]] = {
    "linear": lambda t: ([t, 1 - t], [1, -1]),
    "convex": lambda t: ([t**2, (1 - t) ** 2], [2 * t, -2 * (1 - t)]),
    "concave": lambda t: ([np.sin(t), np.cos(t)], [np.cos(t), -np.sin(t)]),
}
"""Losses at a place on the front, and their derivatives."""
BALANCED = {"linear": (0.2, 0.8), "convex": (1 / 9, 4 / 9), "concave": (1 / 17**0.5, 4 / 17**0.5)}
"""Where 0.8 g_0 = 0.2 g_1."""


def descended(front: str, weighting: Weighting, steps: int = 800) -> list[float]:
    """Losses at the end of plain gradient descent with steps that shrink to 0."""
    t, s = 0.5, 0.5
    generator = torch.Generator().manual_seed(0)
    for k in range(steps):
        losses, slopes = FRONTS[front](t)
        step = Step(
            losses=torch.tensor(losses, dtype=torch.float64) + s**2,
            preference=PREFERENCE,
            gradients=torch.tensor([[slope, 2 * s] for slope in slopes], dtype=torch.float64),
            generator=generator,
        )
        assert step.gradients is not None
        rate = 0.05 * (1 + np.cos(np.pi * k / steps))
        along, away = (weighting(step).to(torch.float64) @ step.gradients).tolist()
        t, s = min(max(t - rate * along, 1e-6), np.pi / 2), s - rate * away
    return [loss + s**2 for loss in FRONTS[front](t)[0]]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    "weighting", [Tchebycheff(), EPO(tolerance=1e-8)], ids=lambda w: type(w).__name__
)
def test_balance_is_reached_on_fronts_of_every_curvature(front: str, weighting: Weighting) -> None:
    np.testing.assert_allclose(descended(front, weighting), BALANCED[front], atol=1e-3)


@pytest.mark.parametrize("front", FRONTS)
def test_epo_stops_balancing_within_its_tolerance(front: str) -> None:
    """Non-uniformity of 1e-4: 0.8 g_0 and 0.2 g_1 differ by 3 % of their mean at most."""
    g0, g1 = descended(front, EPO())
    assert abs(0.8 * g0 - 0.2 * g1) <= 0.03 * (0.8 * g0 + 0.2 * g1) / 2


@pytest.mark.parametrize(
    ("front", "expected"), [("linear", (0, 1)), ("convex", (0.04, 0.64)), ("concave", (0, 1))]
)
def test_weighted_sum_is_inside_on_convex_fronts_only(
    front: str, expected: tuple[float, float]
) -> None:
    np.testing.assert_allclose(descended(front, Linear()), expected, atol=1e-3)


@pytest.mark.parametrize("front", FRONTS)
def test_smooth_tchebycheff_is_where_its_derivative_along_the_front_is_0(front: str) -> None:
    mu = 0.02

    def slope(t: float) -> float:
        losses, slopes = (np.array(part) for part in FRONTS[front](t))
        weights = PREFERENCE.numpy() * np.exp(PREFERENCE.numpy() * losses / mu)
        return float(weights @ slopes / weights.sum())

    expected, _ = FRONTS[front](brentq(slope, 0.05, 0.5))
    found = descended(front, SmoothTchebycheff(mu=mu))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_smooth_tchebycheff_on_the_line_has_a_closed_form() -> None:
    """0.8 g_0 - 0.2 g_1 = mu log(0.2 / 0.8)."""
    first = 0.2 - 0.05 * np.log(4)
    found = descended("linear", SmoothTchebycheff(mu=0.05))
    np.testing.assert_allclose(found, [first, 1 - first], atol=1e-3)
