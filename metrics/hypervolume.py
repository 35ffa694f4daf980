"""Hypervolume: the volume a set dominates."""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from ._checks import Array, check_points, check_vector
from .nondominated import nondominated

EXACT_POINTS = {7: 150, 8: 80, 9: 50, 10: 30}
"""Most points for which the exact value is computed, by number of objectives (below a second)."""

EXACT_POINTS_BEYOND = 12
"""The same from 11 objectives."""


def hypervolume(points: ArrayLike, /, *, ref_point: ArrayLike) -> float:
    """Volume dominated by the points up to the reference point; higher is better.

    Points that are not better than `ref_point` in every objective add nothing; none left is 0.
    Exact wherever `is_exact` says so, which includes all sets of up to 6 objectives and the 77
    scoring preferences of 8; else approximate and still deterministic, with a relative error
    about 1e-3 (8 objectives, 77 points). The value does not depend on the order of the points.

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
    """Whether `hypervolume` computes this set exactly; tables mark the others.

    >>> is_exact([[0.5, 0.5]], ref_point=[1.0, 1.0])
    True
    """
    useful, _ = _useful(points, ref_point)
    return _few(useful)


def _useful(points: ArrayLike, ref_point: ArrayLike) -> tuple[Array, Array]:
    """Points that add volume, each once, in the order of their coordinates; and the reference."""
    points = check_points(points)
    ref = check_vector(ref_point, name="ref_point", m=points.shape[1])
    inside = np.unique(points[(points < ref).all(axis=1)], axis=0)
    return inside[nondominated(inside)], ref


def _few(points: Array) -> bool:
    m = points.shape[1]
    return m <= 6 or len(points) <= EXACT_POINTS.get(m, EXACT_POINTS_BEYOND)
