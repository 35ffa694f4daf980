"""Utilities and regrets against loops over preferences, for 1 to 10 objectives."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.errors import ParameterError
from fusefront.metrics.base import Array
from fusefront.metrics.expected_utility import expected_utility
from fusefront.metrics.r2 import r2
from fusefront.metrics.regret import (
    oracle_utility,
    preference_regret,
    selection_regret,
    worst_preference_regret,
)
from fusefront.metrics.utility import linear_utility, own_expected_utility

LINE = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
ANSWERED = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])


def utility(preference: Array, point: Array) -> float:
    return max(float(p * g) for p, g in zip(preference, point, strict=True))


@every_set
def test_agree_with_loops_over_preferences(points: Array, front: Array, preferences: Array) -> None:
    served = [utility(p, g) for p, g in zip(preferences, points, strict=True)]
    best = [min(utility(p, g) for g in points) for p in preferences]
    reference = [min(utility(p, g) for g in front) for p in preferences]
    given = {"preferences": preferences}
    assert oracle_utility(points, **given) == pytest.approx(np.mean(best), **TOLERANCE)
    regret = np.mean(np.subtract(served, best))
    assert selection_regret(points, **given) == pytest.approx(regret, **TOLERANCE)
    regrets = np.subtract(served, reference)
    found = preference_regret(points, front=front, **given)
    assert found == pytest.approx(regrets.mean(), **TOLERANCE)
    worst = worst_preference_regret(points, front=front, **given)
    assert worst == pytest.approx(regrets.max(), **TOLERANCE)
    weighted = [sum(p * g) for p, g in zip(preferences, points, strict=True)]
    assert linear_utility(points, **given) == pytest.approx(np.mean(weighted), **TOLERANCE)


@every_set
def test_selection_regret_is_the_gap_to_the_oracle(
    points: Array, front: Array, preferences: Array
) -> None:
    gap = expected_utility(points, preferences=preferences) - oracle_utility(
        points, preferences=preferences
    )
    assert selection_regret(points, preferences=preferences) == pytest.approx(gap, abs=1e-12)
    assert gap >= 0


def test_oracle_of_three_tasks_is_r2() -> None:
    generator = np.random.default_rng(0)
    points, preferences = generator.random((9, 3)), generator.dirichlet(np.ones(3), size=9)
    oracle = oracle_utility(points, preferences=preferences)
    assert oracle == pytest.approx(r2(points, preferences=preferences), rel=1e-12)


def test_well_answered_line_has_no_regret() -> None:
    assert selection_regret(LINE, preferences=ANSWERED) == 0.0
    assert preference_regret(LINE, preferences=ANSWERED, front=LINE) == 0.0
    assert worst_preference_regret(LINE, preferences=ANSWERED, front=LINE) == 0.0


def test_wrongly_answered_line_has_the_regret_of_its_corners() -> None:
    assert selection_regret(LINE[::-1], preferences=ANSWERED) == pytest.approx(2 / 3)
    assert worst_preference_regret(LINE[::-1], preferences=ANSWERED, front=LINE) == 1.0


def test_constant_has_no_selection_regret() -> None:
    assert selection_regret(np.full((3, 2), 0.7), preferences=ANSWERED) == 0.0


def test_points_beyond_the_front_have_negative_regret() -> None:
    assert preference_regret(LINE - 0.1, preferences=ANSWERED, front=LINE) < 0


def test_own_utility_is_that_of_the_own_points() -> None:
    own = LINE + 0.2
    found = own_expected_utility(LINE, preferences=ANSWERED, own_points=own)
    assert found == expected_utility(own, preferences=ANSWERED)
    assert found != expected_utility(LINE, preferences=ANSWERED)


@pytest.mark.parametrize("metric", [oracle_utility, selection_regret, linear_utility])
def test_no_preferences_are_refused(metric: Callable[..., float]) -> None:
    with pytest.raises(ParameterError, match="at least one row"):
        metric(np.empty((0, 2)), preferences=np.empty((0, 2)))
