"""R2: the mean over weights of the best Tchebycheff value that a set offers."""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from .checks import check_points, check_preferences


def r2(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over weights w of the least max_i w_i |g_i| of all points; lower is better, from 0.

    The ideal point is that of the experts, g = 0, and an objective that is better counts as 0. The
    best point of the whole set is taken for each weight, whatever preference it was returned for;
    `expected_utility` takes the returned one. For two tasks the mean is exact, over all weights.
    For other numbers of tasks it is over the scoring preferences, for which R2 is weakly Pareto
    compliant too. Without points it is infinite.

    Args:
        points: `(n, m)` objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, which serve as weights.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If a number is not finite.

    Source: Hansen and Jaszkiewicz 1998; Brockhoff et al. 2012; exact for two tasks:
    Schaepermeier and Kerschke 2025, by moocore. O(n log n) for two tasks, else O(n^2 m).

    >>> round(r2([[1.0, 1.0]], preferences=[[0.5, 0.5]]), 9)
    0.75
    """
    points = check_points(points)
    weights = check_preferences(preferences, like=points)
    if len(points) == 0:
        return np.inf
    distances = np.maximum(points, 0.0)
    if points.shape[1] == 2:
        return float(moocore.r2_exact(distances, ref=[0.0, 0.0]))
    return float(np.max(weights[:, None] * distances[None], axis=2).min(axis=1).mean())
