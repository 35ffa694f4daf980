"""Utilities of what is returned for preferences, and of the set without the anchors.

`expected_utility` is the one by which algorithms are compared. These relatives change one part of
it: the utility (linear), or the set (the fit's own).
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_points, check_preferences, check_rows
from .expected_utility import check_not_empty, expected_utility


def linear_utility(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over preferences of sum_i p_i g_i of the model returned for p; lower is better.

    It is what a user loses who weighs tasks by their share of the traffic: good results on one
    task make up for bad ones on another. Interior points of a concave front never minimise it. It
    is 0 at the experts on all tasks, 1 for the pretrained model, and has no bounds.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Zintgraf et al. 2015, with linear utilities. O(n m).

    >>> linear_utility([[0.0, 1.0], [1.0, 0.0]], preferences=[[1.0, 0.0], [0.5, 0.5]])
    0.25
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    return float(np.mean(np.sum(preferences * points, axis=1)))


def own_expected_utility(
    points: ArrayLike, /, *, preferences: ArrayLike, own_points: ArrayLike
) -> float:
    """Return the expected utility of the set of the fit, without the anchors; lower is better.

    Finite sets are completed with the free anchors before the selector chooses. This is what the
    fit alone would have achieved; the difference from `expected_utility` is what the anchors
    contributed. Both are equal for maps and constants.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        own_points: `(n, m)` objectives of the models that the fit's own set returns.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here; see `expected_utility`. O(n m).

    >>> own_expected_utility([[0.0, 1.0]], preferences=[[1.0, 0.0]], own_points=[[0.5, 0.5]])
    0.5
    """
    own = check_rows(own_points, name="own_points", like=check_points(points))
    return expected_utility(own, preferences=preferences)
