"""Generational distance, plain and modified, and the averaged Hausdorff distance.

They are the reverse of IGD: how far the points are from the front, rather than the front from the
points. A single good point has a small generational distance, so it is read beside IGD+ or a metric
of spread. The averaged Hausdorff distance is the larger of both directions.
"""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from .igd import check_front


def gd(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Mean Euclidean distance from the points to the reference front; lower is better, from 0.

    Points that are better than the front are as far from it as points that are worse. Without
    points the value is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Van Veldhuizen and Lamont 1998, with exponent 1 as in Schuetze et al. 2012:
    mean_a min_z |a - z|. O(n k m).

    >>> gd([[3.0, 4.0], [0.0, 0.0]], front=[[0.0, 0.0]])
    2.5
    """
    points, front = check_front(points, front)
    # The distances of IGD are symmetric, so exchanging the sets gives the other direction.
    return float(moocore.igd(front, ref=points)) if len(points) else np.inf


def gd_plus(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Mean modified distance from the points to the reference front; lower is better, from 0.

    Only objectives in which a point is worse than the front count, so points beyond the front have
    the distance 0. Without points the value is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Ishibuchi et al. 2015: mean_a min_z |max(a - z, 0)|. O(n k m).

    >>> gd_plus([[3.0, -4.0], [0.0, 0.0]], front=[[0.0, 0.0]])
    1.5
    """
    points, front = check_front(points, front)
    # With both sets exchanged and negated, max(z - a, 0) of IGD+ becomes max(a - z, 0) again.
    return float(moocore.igd_plus(-front, ref=-points)) if len(points) else np.inf


def averaged_hausdorff(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Return the larger of GD and IGD with exponent 1; lower is better, from 0 on the front.

    It is small only if the points are near the front and cover it. Unlike the Hausdorff distance,
    it does not depend on a single outlier. Not Pareto compliant. Without points it is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Schuetze et al. 2012, Delta_p with p = 1: max(GD, IGD); moocore. O(n k m).

    >>> averaged_hausdorff([[0.0, 0.0]], front=[[3.0, 4.0], [0.0, 0.0]])
    2.5
    """
    points, front = check_front(points, front)
    return float(moocore.avg_hausdorff_dist(points, ref=front, p=1)) if len(points) else np.inf
