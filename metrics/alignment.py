"""Alignment: whether the proportions of the objectives are those that the preference asks for.

Preference-specific methods (EPO, PHN, PMGDA) look for models on the ray where all p_i g_i are
equal, and are judged by their deviation from it. A model may be on its ray and far from the front,
so these metrics are read beside a metric of quality.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import TOLERANCE, Array, check_points, check_preferences
from .expected_utility import check_not_empty


def cross_angle(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean angle in degrees between the objectives and the ray of their preference.

    Lower is better; the range is 0 to 180. A larger p_i asks for a smaller objective i, so the ray
    of p is the direction of 1 / p: on it, all p_i g_i are equal. Where some p_i are 0 it is the
    limit, which is equal for these tasks and 0 for the others. The angle is 0 for objectives
    that are all 0, through which every ray goes. Papers whose rays point in the direction of the
    losses compute the same angle with the preference 1 / r.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Zhang et al. 2024 (LibMOON), with the ray in our convention. O(n m).

    >>> cross_angle([[0.0, 1.0], [1.0, 0.0]], preferences=[[1.0, 0.0], [0.5, 0.5]])
    22.5
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    rays = _rays(preferences)
    lengths = np.linalg.norm(points, axis=1)
    known = lengths > 0
    # The angle of two unit vectors, accurate near 0 and 180 unlike the arc cosine (Kahan).
    units = points[known] / lengths[known, None]
    difference = np.linalg.norm(units - rays[known], axis=1)
    total = np.linalg.norm(units + rays[known], axis=1)
    angles = np.zeros(len(points))
    angles[known] = np.degrees(2 * np.arctan2(difference, total))
    return float(angles.mean())


def non_uniformity(points: ArrayLike, /, *, preferences: ArrayLike) -> float | None:
    """Mean KL divergence of the shares of p_i g_i from equal shares; lower is better.

    The range is 0 (all p_i g_i equal) to log m (one task has all). Only preferences for all tasks
    count: at the others some shares are 0 by definition. Objectives better than the expert count as
    0, and shares are equal if all are. It is None if no preference is for all tasks. PHN reports
    1 - KL as *uniformity*.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Mahapatra and Rajan 2020 (EPO): sum_i s_i log(m s_i) with s_i = p_i g_i / sum_j p_j g_j;
    Navon et al. 2021 (PHN). O(n m).

    >>> round(non_uniformity([[1.0, 0.0], [0.3, 0.3]], preferences=[[0.5, 0.5], [0.5, 0.5]]), 6)
    0.346574
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    for_all = (preferences > TOLERANCE).all(axis=1)
    if not for_all.any():
        return None
    weighted = preferences[for_all] * np.maximum(points[for_all], 0.0)
    totals = weighted.sum(axis=1, keepdims=True)
    # Where all are 0, each share is 1 / m, and a share of 0 contributes 0 log 0 = 0.
    m = points.shape[1]
    shares = np.where(totals > 0, weighted / np.where(totals > 0, totals, 1.0), 1 / m)
    logarithms = np.log(np.where(shares > 0, shares * m, 1.0))
    return max(float((shares * logarithms).sum(axis=1).mean()), 0.0)


def _rays(preferences: Array) -> Array:
    """Return the `(n, m)` unit vectors of the rays on which all p_i g_i are equal."""
    ignored = preferences <= TOLERANCE
    inverse = 1 / np.where(ignored, 1.0, preferences)
    directions = np.where(ignored.any(axis=1, keepdims=True), ignored, inverse)
    rays: Array = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return rays
