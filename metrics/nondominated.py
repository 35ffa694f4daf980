"""Nondominated points."""

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import check_points


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
