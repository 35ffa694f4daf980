"""Control: whether results follow the preference, in the right direction and without jumps.

A larger p_i asks for a smaller objective i. These metrics look only at how objectives change with
the preference, not at how good they are. They need several preferences; a constant ignores them.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, check_points, check_preferences
from .expected_utility import check_not_empty

ROUNDING = 1e-9
"""Larger differences of objectives are changes, smaller ones come from the order of summation."""


def controllability(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over tasks of minus the rank correlation of p_i and g_i; higher is better, -1 to 1.

    It is 1 if more importance always gives a better objective. A task whose objective, or whose
    importance, is the same for all preferences has the correlation 0, so a constant has 0.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Spearman 1904, with mean ranks of ties; its mean over tasks is defined here.
    O(m n^2).

    >>> controllability([[0.0, 1.0], [0.4, 0.6], [1.0, 0.0]],
    ...                 preferences=[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    1.0
    """
    points, preferences = _check(points, preferences)
    of_preferences, of_points = _centred_ranks(preferences), _centred_ranks(points)
    products = (of_preferences * of_points).sum(axis=0)
    scales = np.sqrt((of_preferences**2).sum(axis=0) * (of_points**2).sum(axis=0))
    known = scales > 0
    correlations = np.zeros(len(scales))
    correlations[known] = products[known] / scales[known]
    return float(0.0 - correlations.mean())  # not -mean, which turns 0.0 into -0.0


def monotonicity_violations(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Share of comparisons in which more importance gives a worse objective; lower is better.

    The range is 0 to 1. A comparison is a task i and two preferences with different p_i. It is
    violated if the larger p_i has the larger g_i by more than rounding. With more than two tasks
    the other importances change as well, so that even a true front may have violations; compare
    algorithms, not with 0. It is 0 for a constant, and if there is nothing to compare.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here. O(m n^2).

    >>> monotonicity_violations([[0.0, 1.0], [0.4, 0.6], [0.2, 0.8]],
    ...                         preferences=[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    0.3333333333333333
    """
    points, preferences = _check(points, preferences)
    more = preferences[:, None] - preferences[None] > ROUNDING
    worse = points[:, None] - points[None] > ROUNDING
    compared = int(more.sum())
    return float((more & worse).sum() / compared) if compared else 0.0


def map_roughness(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean change of the objectives per change of the preference between neighbours.

    Lower is smoother. For each preference, the neighbours are the nearest other ones, and the
    change is |g(p) - g(q)| / |p - q| (Euclidean), averaged over equally near neighbours. The range
    starts at 0, which a constant has: read it beside `controllability`. It is 0 if there are no
    two different preferences. Equal preferences are no neighbours of each other.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here: a local Lipschitz quotient. O(m n^2).

    >>> map_roughness([[0.0, 1.0], [1.0, 0.0]], preferences=[[1.0, 0.0], [0.0, 1.0]])
    1.0
    """
    points, preferences = _check(points, preferences)
    apart = _distances(preferences)
    apart[apart <= ROUNDING] = np.inf
    nearest = apart.min(axis=1)
    if np.isinf(nearest).all():
        return 0.0
    neighbours = apart <= nearest[:, None] + ROUNDING
    neighbours[np.isinf(apart)] = False
    quotients = np.where(neighbours, _distances(points) / apart, 0.0)
    known = neighbours.any(axis=1)
    return float((quotients.sum(axis=1)[known] / neighbours.sum(axis=1)[known]).mean())


def _check(points: ArrayLike, preferences: ArrayLike) -> tuple[Array, Array]:
    points = check_points(points)
    check_not_empty(points)
    return points, check_preferences(preferences, like=points)


def _centred_ranks(columns: Array) -> Array:
    """Return the rank of each entry in its column minus the mean rank; ties share mean ranks."""
    differences = columns[:, None] - columns[None]
    signs = (differences > ROUNDING).astype(np.float64) - (differences < -ROUNDING)
    ranks: Array = signs.sum(axis=1) / 2
    return ranks


def _distances(rows: Array) -> Array:
    """Return the `(n, n)` Euclidean distances between rows."""
    differences: Array = rows[:, None] - rows[None]
    distances: Array = np.sqrt((differences**2).sum(axis=2))
    return distances
