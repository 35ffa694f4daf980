"""Control and alignment against scipy, triple loops and analytic truths."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import entropy, spearmanr
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.errors import ParameterError
from fusefront.metrics.alignment import cross_angle, non_uniformity
from fusefront.metrics.base import Array
from fusefront.metrics.control import controllability, map_roughness, monotonicity_violations

STEPS = np.linspace(1, 0, 11)
PREFERENCES = np.column_stack([STEPS, 1 - STEPS])
OBEDIENT = 1 - PREFERENCES
CONSTANT = np.full((11, 2), 0.4)
control = pytest.mark.parametrize(
    "metric",
    [controllability, monotonicity_violations, map_roughness, cross_angle, non_uniformity],
)


@every_set
def test_controllability_agrees_with_scipy(points: Array, front: Array, preferences: Array) -> None:
    correlations = []
    for p, g in zip(preferences.T, points.T, strict=True):
        constant = np.ptp(np.round(p, 9)) == 0 or np.ptp(np.round(g, 9)) == 0
        correlations.append(0.0 if constant else spearmanr(np.round(p, 9), np.round(g, 9))[0])
    expected = -np.mean(correlations)
    assert controllability(points, preferences=preferences) == pytest.approx(expected, **TOLERANCE)


@every_set
def test_violations_agree_with_a_triple_loop(
    points: Array, front: Array, preferences: Array
) -> None:
    compared = violated = 0
    for i in range(points.shape[1]):
        for a in range(len(points)):
            for b in range(len(points)):
                if preferences[a, i] > preferences[b, i] + 1e-9:
                    compared += 1
                    violated += points[a, i] > points[b, i] + 1e-9
    expected = violated / compared if compared else 0.0
    found = monotonicity_violations(points, preferences=preferences)
    assert found == pytest.approx(expected, **TOLERANCE)


@every_set
def test_roughness_agrees_with_a_double_loop(
    points: Array, front: Array, preferences: Array
) -> None:
    changes = []
    for a in range(len(points)):
        apart = {b: math.dist(preferences[a], preferences[b]) for b in range(len(points))}
        others = {b: d for b, d in apart.items() if d > 1e-9}
        if others:
            nearest = [b for b, d in others.items() if d <= min(others.values()) + 1e-9]
            changes.append(np.mean([math.dist(points[a], points[b]) / others[b] for b in nearest]))
    expected = np.mean(changes) if changes else 0.0
    found = map_roughness(points, preferences=preferences)
    assert found == pytest.approx(expected, **TOLERANCE)


@every_set
def test_angle_agrees_with_the_arc_cosine(points: Array, front: Array, preferences: Array) -> None:
    angles = []
    for p, g in zip(preferences, points, strict=True):
        ray = 1 / p
        cosine = ray @ g / (np.linalg.norm(ray) * np.linalg.norm(g))
        angles.append(math.degrees(math.acos(min(1.0, max(-1.0, cosine)))))
    expected = np.mean(angles)
    assert cross_angle(points, preferences=preferences) == pytest.approx(expected, abs=1e-5)


@every_set
def test_non_uniformity_agrees_with_scipy(points: Array, front: Array, preferences: Array) -> None:
    m = points.shape[1]
    inside = [(p, g) for p, g in zip(preferences, points, strict=True) if (p > 1e-6).all()]
    divergences = [entropy(p * g / (p * g).sum(), np.full(m, 1 / m)) for p, g in inside]
    found = non_uniformity(points, preferences=preferences)
    assert found == pytest.approx(np.mean(divergences), **TOLERANCE)


def test_obedient_map_is_controlled() -> None:
    assert controllability(OBEDIENT, preferences=PREFERENCES) == pytest.approx(1.0)
    assert monotonicity_violations(OBEDIENT, preferences=PREFERENCES) == 0.0
    assert map_roughness(OBEDIENT, preferences=PREFERENCES) == pytest.approx(1.0)


def test_reversed_map_is_controlled_in_the_wrong_direction() -> None:
    assert controllability(OBEDIENT[::-1], preferences=PREFERENCES) == pytest.approx(-1.0)
    assert monotonicity_violations(OBEDIENT[::-1], preferences=PREFERENCES) == 1.0


def test_constant_is_smooth_and_ignores_preferences() -> None:
    assert controllability(CONSTANT, preferences=PREFERENCES) == 0.0
    assert monotonicity_violations(CONSTANT, preferences=PREFERENCES) == 0.0
    assert map_roughness(CONSTANT, preferences=PREFERENCES) == 0.0


def test_jump_makes_a_map_rough() -> None:
    jump = np.where(STEPS[:, None] > 0.45, [0.0, 1.0], [1.0, 0.0])
    # Two of eleven preferences have a neighbour across the jump, and one on their side.
    expected = 2 / 11 * (math.sqrt(2) / math.hypot(0.1, 0.1)) / 2
    assert map_roughness(jump, preferences=PREFERENCES) == pytest.approx(expected)


def test_equal_preferences_are_not_neighbours() -> None:
    same = np.full((3, 2), 0.5)
    assert map_roughness([[0.0, 1.0], [1.0, 0.0], [0.3, 0.3]], preferences=same) == 0.0


def test_models_on_their_rays_are_aligned() -> None:
    inner = PREFERENCES[1:-1]
    assert cross_angle(0.3 / inner, preferences=inner) == pytest.approx(0.0, abs=1e-6)
    assert non_uniformity(0.3 / inner, preferences=inner) == pytest.approx(0.0, abs=1e-12)


def test_angles_in_our_convention() -> None:
    # All importance on the first task asks for g_1 = 0: the ray is that of the second objective.
    assert cross_angle([[0.0, 0.7]], preferences=[[1.0, 0.0]]) == pytest.approx(0.0)
    assert cross_angle([[0.7, 0.0]], preferences=[[1.0, 0.0]]) == pytest.approx(90.0)
    assert cross_angle([[0.0, -0.7]], preferences=[[1.0, 0.0]]) == pytest.approx(180.0)
    assert cross_angle([[0.0, 1.0, 1.0]], preferences=[[1.0, 0.0, 0.0]]) == pytest.approx(0.0)
    assert cross_angle([[0.0, 0.0, 1.0]], preferences=[[0.5, 0.5, 0.0]]) == pytest.approx(0.0)
    assert cross_angle([[0.0, 0.0]], preferences=[[0.3, 0.7]]) == 0.0


@pytest.mark.parametrize("m", [2, 3, 10])
def test_worst_shares_diverge_by_the_logarithm_of_m(m: int) -> None:
    one, centre = np.eye(m)[:1], np.full((1, m), 1 / m)
    assert non_uniformity(one, preferences=centre) == pytest.approx(math.log(m))
    assert non_uniformity(np.zeros((1, m)), preferences=centre) == 0.0
    assert non_uniformity(-np.ones((1, m)), preferences=centre) == 0.0


def test_non_uniformity_counts_only_preferences_for_all_tasks() -> None:
    assert non_uniformity(OBEDIENT[:1], preferences=PREFERENCES[:1]) is None
    both = non_uniformity(OBEDIENT[:2], preferences=PREFERENCES[:2])
    assert both == non_uniformity(OBEDIENT[1:2], preferences=PREFERENCES[1:2])


@control
def test_no_preferences_are_refused(metric: Callable[..., float]) -> None:
    with pytest.raises(ParameterError, match="at least one row"):
        metric(np.empty((0, 2)), preferences=np.empty((0, 2)))
