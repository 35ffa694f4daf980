"""The worked check of preference semantics: a larger p_i asks for a smaller objective i."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fusefront.algorithms.scalarizations import achievement, linear, tchebycheff

Array = NDArray[np.float64]
P = np.array([0.8, 0.2])
STEPS = np.linspace(0, 1, 200_001)
LINEAR = np.stack([STEPS, 1 - STEPS], axis=1)
CONVEX = np.stack([STEPS**2, (1 - STEPS) ** 2], axis=1)  # sqrt(g1) + sqrt(g2) = 1
ANGLE = STEPS * np.pi / 2
CONCAVE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)  # g1^2 + g2^2 = 1


def best(front: Array, values: Array) -> Array:
    found: Array = front[int(values.argmin())]
    return found


@pytest.mark.parametrize("function", [tchebycheff, achievement])
@pytest.mark.parametrize(
    ("front", "expected"),
    [(LINEAR, [0.2, 0.8]), (CONVEX, [1 / 9, 4 / 9]), (CONCAVE, [0.2425, 0.9701])],
    ids=["linear", "convex", "concave"],
)
def test_tchebycheff_gives_the_important_task_its_share_of_the_smaller_objective(
    function: object, front: Array, expected: list[float]
) -> None:
    assert callable(function)
    np.testing.assert_allclose(best(front, function(front, P)), expected, atol=1e-3)


def test_weighted_sum_finds_the_inside_of_a_convex_front() -> None:
    np.testing.assert_allclose(best(CONVEX, linear(CONVEX, P)), [0.04, 0.64], atol=1e-3)


@pytest.mark.parametrize("front", [LINEAR, CONCAVE], ids=["linear", "concave"])
def test_weighted_sum_finds_only_the_important_tasks_corner_of_other_fronts(front: Array) -> None:
    np.testing.assert_allclose(best(front, linear(front, P)), [0, 1], atol=1e-3)


@pytest.mark.parametrize("front", [LINEAR, CONVEX, CONCAVE], ids=["linear", "convex", "concave"])
@pytest.mark.parametrize("function", [linear, tchebycheff, achievement])
def test_larger_importance_never_gives_a_larger_objective(function: object, front: Array) -> None:
    assert callable(function)
    chosen = [best(front, function(front, np.array([p, 1 - p])))[0] for p in np.linspace(0, 1, 11)]
    assert (np.diff(chosen) <= 1e-9).all()
    assert chosen[-1] == pytest.approx(0, abs=1e-3)


def test_achievement_prefers_a_dominating_point_where_tchebycheff_ties() -> None:
    pair = np.array([[0.5, 0.5], [0.5, 0.1]])
    preference = np.array([0.9, 0.1])
    assert len(set(tchebycheff(pair, preference))) == 1
    assert achievement(pair, preference).argmin() == 1


def test_many_points_are_one_value_each() -> None:
    for function in (linear, tchebycheff, achievement):
        assert function(np.zeros((4, 5, 2)), P).shape == (4, 5)
