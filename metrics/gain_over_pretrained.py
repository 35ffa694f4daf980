"""Gain over the pretrained model: what merging adds to what users already have."""

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_points, check_preferences
from .expected_utility import expected_utility


def gain_over_pretrained(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Expected utility of the pretrained model minus that of the points; higher is better.

    It is negative if it is better not to merge at all. The pretrained model has the objective 1 in
    every task by definition, so its expected utility is the mean of the largest entries of the
    preferences.

    Args:
        points: `(n, m)` objectives, minimised; row k is the model returned for preference k.
        preferences: `(n, m)` scoring preferences.

    Raises:
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here; see `expected_utility`. O(n m).

    >>> gain_over_pretrained([[0.0, 1.0], [1.0, 0.0]], preferences=[[1.0, 0.0], [0.5, 0.5]])
    0.5
    >>> gain_over_pretrained([[2.0, 2.0]], preferences=[[0.5, 0.5]])
    -0.5
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    untouched = expected_utility(np.ones_like(points), preferences=preferences)
    return untouched - expected_utility(points, preferences=preferences)
