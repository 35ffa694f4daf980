"""Inverted generational distance, plain and modified."""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .checks import Array, check_points


def igd(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Mean Euclidean distance from the front to the points; lower is better, 0 on the front.

    It is not Pareto compliant: a set may be worse in every objective and still score better. Use
    `igd_plus`, except to compare with older papers. Without points the value is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Coello Coello and Reyes Sierra 2004. O(n k m).

    >>> igd([[0.0, 0.0]], front=[[3.0, 4.0], [0.0, 0.0]])
    2.5
    """
    points, front = check_front(points, front)
    return float(moocore.igd(points, ref=front)) if len(points) else np.inf


def igd_plus(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Mean modified distance from the front to the points; lower is better, 0 on the front.

    Only objectives in which a point is worse than the front count, which makes the metric weakly
    Pareto compliant. Without points the value is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Ishibuchi et al. 2015. O(n k m).

    >>> igd_plus([[0.0, 0.0]], front=[[3.0, 4.0], [0.0, 0.0]])
    0.0
    """
    points, front = check_front(points, front)
    return float(moocore.igd_plus(points, ref=front)) if len(points) else np.inf


def check_front(points: ArrayLike, front: ArrayLike) -> tuple[Array, Array]:
    """Return both sets as floats, after checking that the front is not empty."""
    points = check_points(points)
    front = check_points(front, name="front", m=points.shape[1])
    if len(front) == 0:  # moocore would return infinity
        raise ParameterError(
            "`front` must have at least one point. Found none. "
            "Leave problems without a reference front out."
        )
    return points, front
