"""Expected utility: how well the model that is returned for a preference serves it."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .checks import Array, check_points, check_preferences


def expected_utility(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over preferences of max_i p_i g_i of the model returned for p; lower is better.

    It penalises a good front whose models are returned for the wrong preferences, which no metric
    of the front alone does. It is 0 if each model is as good as the experts on all tasks of its
    preference.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Zintgraf et al. 2015, with the Chebyshev utility. O(n m).

    >>> expected_utility([[0.0, 1.0], [1.0, 0.0]], preferences=[[1.0, 0.0], [0.5, 0.5]])
    0.25
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    return float(np.mean(np.max(preferences * points, axis=1)))


def check_not_empty(points: Array) -> None:
    """Check that there is at least one point, since a mean over no preference is undefined.

    Raises:
        ParameterError: If there is none.
    """
    if len(points) == 0:
        raise ParameterError(
            "`preferences` must have at least one row. Found none. Leave runs without points out."
        )
