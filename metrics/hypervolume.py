"""Hypervolume: the volume that a set of points dominates."""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, check_points, check_vector
from .nondominated import distinct, nondominated

ALWAYS_EXACT = 6
"""Up to this many objectives the exact value is fast enough for any set that is scored."""

EXACT_POINTS = {7: 150, 8: 80, 9: 50, 10: 30}
"""Most points for which the exact value is computed in under a second, by number of objectives."""

EXACT_POINTS_BEYOND = 12
"""The same limit for 11 objectives and more."""

VISIBLE = 0.01
"""A hypervolume is visible above this share of the box from the experts to the reference point."""

ENOUGH_VISIBLE = 0.25
"""The least share of algorithms with a visible hypervolume for which it ranks algorithms."""


def hypervolume(points: ArrayLike, /, *, ref_point: ArrayLike) -> float:
    """Volume dominated by the points up to the reference point; higher is better.

    Points that are not better than `ref_point` in every objective add nothing; the volume of no
    points is 0. The value is exact where `is_exact` returns True, which includes all sets of up to
    6 objectives and the 77 scoring preferences of 8. Elsewhere it is approximate but deterministic,
    with a relative error of about 1e-3 (8 objectives, 77 points), and tables mark it. It does not
    depend on the order of the points.

    Args:
        points: `(n, m)` objectives, minimised.
        ref_point: `(m,)` worst corner in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: Zitzler and Thiele 1998. moocore: O(n log n) to 3 objectives, O(n^2) for 4, exponential
    in m beyond; approximate by its `hv_approx`, method Rphi-FWE+, 262,144 directions.

    >>> hypervolume([[0.0, 0.5], [0.5, 0.0], [0.9, 0.9]], ref_point=[1.0, 1.0])
    0.75
    """
    useful, ref = _useful(points, ref_point)
    if len(useful) == 0:
        return 0.0
    if _few(useful):
        return float(moocore.hypervolume(useful, ref=ref))
    return float(moocore.hv_approx(useful, ref=ref, method="Rphi-FWE+"))


def is_exact(points: ArrayLike, /, *, ref_point: ArrayLike) -> bool:
    """Return whether `hypervolume` computes this set exactly; tables mark values that are not.

    >>> is_exact([[0.5, 0.5]], ref_point=[1.0, 1.0])
    True
    """
    useful, _ = _useful(points, ref_point)
    return _few(useful)


def can_rank(values: ArrayLike, /, *, ref_point: ArrayLike) -> bool:
    """Return whether hypervolume can rank algorithms on a problem.

    Where hardly any point is inside the reference point, nearly all algorithms have no volume, and
    the others differ by chance. So at least a quarter of the algorithms must have more than 1 % of
    the box between the experts, where all objectives are 0, and the reference point.

    Args:
        values: `(k,)` the hypervolume of each algorithm, at least one.
        ref_point: `(m,)` the worst corner that they were computed with.

    >>> can_rank([0.3, 0.2, 0.0, 0.0], ref_point=[1.0, 1.0])
    True
    >>> can_rank([0.005, 0.0, 0.0, 0.0], ref_point=[1.0, 1.0])
    False
    """
    ref = np.asarray(ref_point, dtype=np.float64)
    visible = np.asarray(values, dtype=np.float64) > VISIBLE * ref.prod()
    return bool(visible.mean() >= ENOUGH_VISIBLE)


def _useful(points: ArrayLike, ref_point: ArrayLike) -> tuple[Array, Array]:
    """Return the points that add volume, each once and sorted, and the reference point.

    Sorting makes the value independent of the order of the points: moocore sums volumes in the
    order in which it is given the points, which changes the last bits.
    """
    points = check_points(points)
    ref = check_vector(ref_point, name="ref_point", m=points.shape[1])
    inside = distinct(points[(points < ref).all(axis=1)])
    return inside[nondominated(inside)], ref


def _few(points: Array) -> bool:
    m = points.shape[1]
    return m <= ALWAYS_EXACT or len(points) <= EXACT_POINTS.get(m, EXACT_POINTS_BEYOND)
