"""Expected utility depends on which model is returned for which preference."""

from itertools import permutations

import numpy as np
import pytest

from fusefront.errors import ParameterError, PreferenceError, ShapeError
from fusefront.metrics.expected_utility import expected_utility

CORNERS = np.eye(3)
EXPERTS = 1 - np.eye(3)  # each expert: 0 on its own task, 1 on the others


def test_agrees_with_a_double_loop() -> None:
    generator = np.random.default_rng(0)
    points, preferences = generator.random((9, 4)), generator.dirichlet(np.ones(4), size=9)
    slow = sum(
        max(p * g for p, g in zip(row, point, strict=True))
        for row, point in zip(preferences.tolist(), points.tolist(), strict=True)
    )
    assert expected_utility(points, preferences=preferences) == pytest.approx(slow / 9, rel=1e-12)


def test_experts_at_the_corners_score_zero() -> None:
    assert expected_utility(EXPERTS, preferences=CORNERS) == 0.0


def test_right_front_at_the_wrong_preferences_is_penalised() -> None:
    values = {
        expected_utility(EXPERTS[list(order)], preferences=CORNERS): order
        for order in permutations(range(3))
    }
    assert values[min(values)] == (0, 1, 2)
    assert max(values) == 1.0


def test_larger_preference_asks_for_smaller_objective() -> None:
    served, reversed_ = [[0.2, 0.8]], [[0.8, 0.2]]
    preference = [[0.8, 0.2]]
    assert expected_utility(served, preferences=preference) == pytest.approx(0.16)
    assert expected_utility(reversed_, preferences=preference) == pytest.approx(0.64)


@pytest.mark.parametrize("seed", range(10))
def test_does_not_grow_under_dominance(seed: int) -> None:
    generator = np.random.default_rng(seed)
    preferences = generator.dirichlet(np.ones(3), size=8)
    worse = generator.random((8, 3))
    better = worse - 0.1 * generator.random((8, 3))
    utilities = [expected_utility(points, preferences=preferences) for points in (better, worse)]
    assert utilities[0] <= utilities[1]


def test_no_preferences_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least one row"):
        expected_utility(np.empty((0, 2)), preferences=np.empty((0, 2)))


def test_nan_is_refused() -> None:
    with pytest.raises(ParameterError, match="`points` must be finite"):
        expected_utility([[np.nan, 0.0]], preferences=[[0.5, 0.5]])
    with pytest.raises(ParameterError, match="`preferences` must be finite"):
        expected_utility([[0.0, 0.0]], preferences=[[0.5, np.nan]])


def test_preferences_must_fit_the_points() -> None:
    with pytest.raises(ShapeError, match="`preferences`"):
        expected_utility([[0.0, 0.0]], preferences=[[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(PreferenceError, match="must sum to 1"):
        expected_utility([[0.0, 0.0]], preferences=[[0.5, 0.6]])
