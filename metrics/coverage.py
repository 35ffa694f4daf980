"""Coverage (C-metric): which share of one set another one weakly dominates.

It is not symmetric, and both directions can be small, so they are read together. The baseline is
the algorithm `rewarded-soup` on the same problem with the same seed. A run of it covers itself.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, check_points


def coverage(points: ArrayLike, /, *, baseline: ArrayLike) -> float | None:
    """Share of the baseline's points that some point weakly dominates; higher is better, 0 to 1.

    It is 0 without points, and None if the baseline has none.

    Args:
        points: `(n, m)` objectives, minimised.
        baseline: `(b, m)` points of the baseline in the same units; equal points count each.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: Zitzler and Thiele 1999: C(points, baseline). O(n b m).

    >>> coverage([[0.0, 0.5]], baseline=[[0.0, 1.0], [1.0, 0.0]])
    0.5
    """
    points = check_points(points)
    return _share(points, check_points(baseline, name="baseline", m=points.shape[1]))


def covered_by_baseline(points: ArrayLike, /, *, baseline: ArrayLike) -> float | None:
    """Share of the points that the baseline weakly dominates; lower is better, 0 to 1.

    It is None without points, and 0 if the baseline has none.

    Args:
        points: `(n, m)` objectives, minimised; equal points count each.
        baseline: `(b, m)` points of the baseline in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: Zitzler and Thiele 1999: C(baseline, points). O(n b m).

    >>> covered_by_baseline([[0.0, 0.5], [1.0, 1.0]], baseline=[[0.0, 1.0], [1.0, 0.0]])
    0.5
    """
    points = check_points(points)
    return _share(check_points(baseline, name="baseline", m=points.shape[1]), points)


def _share(those: Array, of: Array) -> float | None:
    """Return the share of the rows of `of` that some row of `those` weakly dominates."""
    if len(of) == 0:
        return None
    return float(np.mean([(those <= row).all(axis=1).any() for row in of]))
