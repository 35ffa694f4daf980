"""Nondominated points: which they are, how many, and their share of all points."""

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Array, check_points


def nondominated(points: ArrayLike, /) -> NDArray[np.bool_]:
    """Return the mask of points that no other point dominates; the first of equal points is kept.

    Args:
        points: `(n, m)` objectives, minimised.

    Returns:
        `(n,)`, True where the point is nondominated.

    Source: Kung, Luccio and Preparata 1975; moocore. O(n log n) to 3 objectives,
    O(n log^(m-2) n) beyond.

    >>> nondominated([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    array([ True,  True, False, False])
    """
    mask: NDArray[np.bool_] = moocore.is_nondominated(check_points(points))
    return mask


def distinct(points: Array) -> Array:
    """Return each point once, in lexicographic order, as `numpy.unique` does, but faster.

    Args:
        points: `(n, m)` finite numbers.

    >>> distinct(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    array([[0., 1.],
           [1., 0.]])
    """
    ordered = points[np.lexsort(points.T[::-1])]
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return ordered[first]


def front_of(points: ArrayLike) -> Array:
    """Return the `(k, m)` nondominated points, each once, in lexicographic order."""
    unique = distinct(check_points(points))
    return unique[nondominated(unique)]


def nondominated_points(points: ArrayLike, /) -> float:
    """Number of distinct nondominated points; higher is better, with range 0 to n.

    It counts what users can choose from, not how good it is: a constant has 1. Equal points count
    once. It is 0 without points.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: the overall nondominated vector generation of Van Veldhuizen 1999.
    O(n log^(m-2) n).

    >>> nondominated_points([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    2.0
    """
    return float(len(front_of(points)))


def nondominated_share(points: ArrayLike, /) -> float:
    """Share of the returned points that no other returned point dominates; higher is better.

    The range is 0 to 1. Below 1, some preference is answered with a model although the same set
    has one that is at least as good in every task and better in one. Equal points count as often as
    they were returned, and none of them dominates the other. It is 1 without points: none is
    dominated.

    Args:
        points: `(n, m)` objectives, minimised.

    Raises:
        ParameterError: If a number is not finite.

    Source: the complement of the error ratio of Van Veldhuizen 1999, with the set's own front
    in place of the true one. O(n log^(m-2) n).

    >>> nondominated_share([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    0.75
    """
    points = check_points(points)
    if len(points) == 0:
        return 1.0
    kept = moocore.is_nondominated(points, keep_weakly=True)
    return float(np.mean(kept))
