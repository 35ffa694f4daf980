"""Regrets: how much better another model would have served a preference than the returned one.

The utility is that of `expected_utility`, u(p, g) = max_i p_i g_i, which is minimised. The oracle
knows the test and takes the best model of the same set; its advantage is the selection regret. The
preference regrets compare with the best point of the reference front, so they also contain what the
whole set lacks.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, check_points, check_preferences
from .expected_utility import check_not_empty
from .igd import check_front


def oracle_utility(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over preferences of the least max_i p_i g_i of all returned models; lower is better.

    It is the expected utility of somebody who chooses among the returned models by their test
    results. It is at most the expected utility. Such a choice is not available to users, so it is
    a bound and not an achievement.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Zintgraf et al. 2015, with the Chebyshev utility and the best of the set, as in
    https://github.com/LucasAlegre/morl-baselines. O(n^2 m).

    >>> oracle_utility([[1.0, 0.0], [0.0, 1.0]], preferences=[[1.0, 0.0], [0.0, 1.0]])
    0.0
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    return float(_best(points, preferences).mean())


def selection_regret(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Expected utility minus that of the oracle; lower is better, from 0.

    It is 0 if every preference gets the best of the returned models. It separates a bad set from a
    good one whose models are returned for the wrong preferences. A constant has no regret.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here; the regret of Zintgraf et al. 2015 within the set. O(n^2 m).

    >>> selection_regret([[1.0, 0.0], [0.0, 1.0]], preferences=[[1.0, 0.0], [0.0, 1.0]])
    1.0
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    return float((_returned(points, preferences) - _best(points, preferences)).mean())


def preference_regret(points: ArrayLike, /, *, preferences: ArrayLike, front: ArrayLike) -> float:
    """Mean over preferences of the regret against the reference front; lower is better.

    The regret of a preference is the utility of its model minus the least utility on the front. It
    is 0 if the models are the front's best, and negative where they are better than the front.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, the front is empty, or a number is not finite.

    Source: defined here, with the Chebyshev utility of Zintgraf et al. 2015. O(n k m).

    >>> preference_regret([[0.5, 0.5]], preferences=[[0.5, 0.5]], front=[[0.25, 0.25]])
    0.125
    """
    return float(_regrets(points, preferences, front).mean())


def worst_preference_regret(
    points: ArrayLike, /, *, preferences: ArrayLike, front: ArrayLike
) -> float:
    """Maximum over preferences of the regret against the reference front; lower is better.

    It is the loss of the user who is served worst; see `preference_regret`.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex; a larger p_i asks for a smaller objective i.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, the front is empty, or a number is not finite.

    Source: the maximum utility loss of Zintgraf et al. 2015, over the scoring preferences.
    O(n k m).

    >>> worst_preference_regret(
    ...     [[0.5, 0.5], [0.0, 1.0]],
    ...     preferences=[[0.5, 0.5], [1.0, 0.0]],
    ...     front=[[0.25, 0.25], [0.0, 1.0]],
    ... )
    0.125
    """
    return float(_regrets(points, preferences, front).max())


def _regrets(points: ArrayLike, preferences: ArrayLike, front: ArrayLike) -> Array:
    points, front = check_front(points, front)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    return _returned(points, preferences) - _best(front, preferences)


def _returned(points: Array, preferences: Array) -> Array:
    """Return the `(n,)` utility of the model returned for each preference."""
    utilities: Array = np.max(preferences * points, axis=1)
    return utilities


def _best(candidates: Array, preferences: Array) -> Array:
    """Return the `(n,)` least utility of all candidates for each preference."""
    utilities: Array = np.max(preferences[:, None] * candidates[None], axis=2).min(axis=1)
    return utilities
