"""Hypervolume in other units: of the maximum, per task, per pair of tasks, beyond the anchors."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_points, check_vector
from .hypervolume import hypervolume


def relative_hypervolume(
    points: ArrayLike, /, *, ref_point: ArrayLike, front: ArrayLike
) -> float | None:
    """Hypervolume of the points divided by that of the reference front; higher is better.

    The range starts at 0. It ends at 1 if the front is the true one, and may exceed 1 where points
    dominate a part of the front. It makes problems comparable whose largest possible volumes
    differ. It is None if the front dominates no volume, since a share of nothing is undefined.

    Args:
        points: `(n, m)` objectives, minimised; no points have the value 0.
        ref_point: `(m,)` worst corner.
        front: `(k, m)` reference front, which stands for the maximum.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: the hypervolume ratio of Van Veldhuizen 1999, HV(points) / HV(front).
    Twice the complexity of `hypervolume`, approximate where that is.

    >>> relative_hypervolume([[0.5, 0.5]], ref_point=[1.0, 1.0], front=[[0.0, 0.5]])
    0.5
    """
    whole = hypervolume(front, ref_point=ref_point)
    return hypervolume(points, ref_point=ref_point) / whole if whole > 0 else None


def hypervolume_root(points: ArrayLike, /, *, ref_point: ArrayLike) -> float:
    """Return the m-th root of the hypervolume of m objectives; higher is better, from 0.

    It is the edge of the cube of the same volume. A volume of many objectives is the product of
    many shares, and tends to 0 for that reason alone; the root does not. It orders sets as
    `hypervolume` does.

    Args:
        points: `(n, m)` objectives, minimised; no points have the value 0.
        ref_point: `(m,)` worst corner.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: Zitzler and Thiele 1998 for the volume; the root is the geometric mean of the edges of
    the box of a single point. The complexity of `hypervolume`, approximate where that is.

    >>> hypervolume_root([[0.5, 0.5, 0.5]], ref_point=[1.0, 1.0, 1.0])
    0.5
    """
    m = check_points(points).shape[1]
    return float(hypervolume(points, ref_point=ref_point) ** (1 / m))


def pairwise_hypervolume(points: ArrayLike, /, *, ref_point: ArrayLike) -> float:
    """Mean over pairs of tasks of the hypervolume of the points projected on them.

    Higher is better, from 0. It is always exact, and resolves algorithms on many tasks, where
    hardly any point is inside the reference point in all objectives at once. In return it ignores
    trade-offs between more than two tasks: a set may have a model for every pair and none for all
    tasks. It equals `hypervolume` for two tasks. For one task it is the length dominated.

    Args:
        points: `(n, m)` objectives, minimised; no points have the value 0.
        ref_point: `(m,)` worst corner.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: defined here, with the hypervolume of Zitzler and Thiele 1998. O(m^2 n log n).

    >>> pairwise_hypervolume([[0.5, 0.5, 2.0]], ref_point=[1.0, 1.0, 1.0])
    0.08333333333333333
    """
    points = check_points(points)
    m = points.shape[1]
    ref = check_vector(ref_point, name="ref_point", m=m)
    pairs = [list(pair) for pair in combinations(range(m), 2)] or [[0]]
    return float(np.mean([hypervolume(points[:, p], ref_point=ref[p]) for p in pairs]))


def gain_over_anchors(points: ArrayLike, /, *, ref_point: ArrayLike, anchors: ArrayLike) -> float:
    """Hypervolume of the points minus that of the free anchors; higher is better.

    The pretrained model, the experts and their average cost nothing, so only what exceeds their
    volume is an achievement. It is negative for a set that is worse than these models alone, and
    0 for a set that consists of them.

    Args:
        points: `(n, m)` objectives, minimised; no points have the volume 0.
        ref_point: `(m,)` worst corner.
        anchors: `(a, m)` objectives of the free models on the same data.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite.

    Source: defined here, with the hypervolume of Zitzler and Thiele 1998. Twice the complexity of
    `hypervolume`, approximate where that is.

    >>> gain_over_anchors(
    ...     [[0.25, 0.25]], ref_point=[1.0, 1.0], anchors=[[1.0, 1.0], [0.0, 1.0], [0.5, 0.5]]
    ... )
    0.3125
    """
    points = check_points(points)
    anchors = check_points(anchors, name="anchors", m=points.shape[1])
    free = hypervolume(anchors, ref_point=ref_point)
    return hypervolume(points, ref_point=ref_point) - free
