"""Diversity: how far apart and how evenly the nondominated points of a set lie.

No metric here says how good a set is: a set with one excellent model has no diversity. They
describe the distinct nondominated points, in normalised objectives, without any reference.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ShapeError
from .checks import Array, check_points
from .nondominated import front_of


def spacing(points: ArrayLike, /) -> float:
    """Standard deviation of the distances of points to their nearest ones; lower is more even.

    Distances are sums of absolute differences, and the deviation divides by n - 1. The range
    starts at 0. It is 0 for fewer than three distinct nondominated points: nothing can be uneven.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: Schott 1995. O(n^2 m).

    >>> spacing([[0.0, 1.0], [0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    0.25
    """
    front = front_of(points)
    if len(front) < 3:
        return 0.0
    apart = np.abs(front[:, None] - front[None]).sum(axis=2)
    return float(_nearest(apart).std(ddof=1))


def minimal_distance(points: ArrayLike, /) -> float | None:
    """Least Euclidean distance between two distinct nondominated points; higher is better.

    A small value means that some models are nearly copies of each other. It is None for fewer than
    two such points, which have no distance.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: defined here; the separation of a packing, as in Johnson, Moore and Ylvisaker 1990
    (maximin distance). O(n^2 m).

    >>> minimal_distance([[0.0, 1.0], [0.3, 0.6], [1.0, 0.0]])
    0.5
    """
    front = front_of(points)
    if len(front) < 2:
        return None
    return float(_nearest(_distances(front)).min())


def sparsity(points: ArrayLike, /) -> float:
    """Mean squared gap between neighbours in each objective, summed over them; lower is denser.

    In each objective the n points are sorted, and the squares of the n - 1 gaps are added. The
    range starts at 0, which fewer than two distinct nondominated points have: a dense set and a
    single point are alike to it, so it is read beside `hypervolume`.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: Xu et al. 2020 (PGMORL): sum_i sum_k (gap_ik)^2 / (n - 1). O(m n log n).

    >>> sparsity([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    0.5
    """
    front = front_of(points)
    if len(front) < 2:
        return 0.0
    gaps = np.diff(np.sort(front, axis=0), axis=0)
    return float((gaps**2).sum() / (len(front) - 1))


def span(points: ArrayLike, /) -> float:
    """Length of the diagonal of the box around the nondominated points; higher is wider, from 0.

    It is sqrt(m) for points that reach from each expert to the pretrained model in all tasks, and
    0 for fewer than two distinct nondominated points. Bad models at the ends of a front widen it.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: Zitzler, Deb and Thiele 2000 (extent, M3), as the Euclidean diagonal. O(n m).

    >>> span([[0.0, 0.4], [0.3, 0.0]])
    0.5
    """
    front = front_of(points)
    if len(front) < 2:
        return 0.0
    return float(np.linalg.norm(np.ptp(front, axis=0)))


def spread(points: ArrayLike, /, *, anchors: ArrayLike) -> float | None:
    """Deb's Delta for any number of tasks: unevenness, and distance to the experts.

    Lower is better. With d_k the distance of point k to the nearest other one, d its mean, and e_i
    the distance of expert i to the nearest point, it is (sum e_i + sum |d_k - d|) /
    (sum e_i + n d). The range is 0, for an even set that contains the experts, to less than 2; it
    is near 1 for clusters. The experts are the ends that every front is expected to reach. Only
    distinct nondominated points count. A single point has 1, or 0 if it is at all experts. It is
    None without points.

    Args:
        points: `(n, m)` objectives, minimised.
        anchors: `(a, m)` objectives: the pretrained model, the m experts, and other models.

    Raises:
        ShapeError: If the numbers of objectives differ or experts are missing.
        ParameterError: If a number is not finite.

    Source: Zhou et al. 2006 (generalised spread), after Deb et al. 2002. O(n^2 m).

    >>> spread([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]], anchors=[[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    0.0
    """
    front = front_of(points)
    experts = _experts(anchors, m=front.shape[1])
    if len(front) == 0:
        return None
    ends = np.linalg.norm(experts[:, None] - front[None], axis=2).min(axis=1).sum()
    nearest = _nearest(_distances(front)) if len(front) > 1 else np.zeros(1)
    whole = ends + nearest.sum()
    return float((ends + np.abs(nearest - nearest.mean()).sum()) / whole) if whole > 0 else 0.0


def _experts(anchors: ArrayLike, m: int) -> Array:
    array = check_points(anchors, name="anchors", m=m)
    if len(array) <= m:
        raise ShapeError(
            f"`anchors` must have the pretrained model and {m} experts as rows. "
            f"Found {len(array)} rows. Pass them in this order."
        )
    return array[1 : m + 1]


def _distances(rows: Array) -> Array:
    """Return the `(n, n)` Euclidean distances between rows."""
    distances: Array = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    return distances


def _nearest(distances: Array) -> Array:
    """Return the `(n,)` distance of each row to the nearest other one."""
    others = distances.copy()
    np.fill_diagonal(others, np.inf)
    nearest: Array = others.min(axis=1)
    return nearest
