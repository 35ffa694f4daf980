"""The model at the balanced preference, which represents a set in metrics of single models."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Array, check_preferences
from .expected_utility import check_not_empty


def balanced(points: Array, preferences: ArrayLike) -> NDArray[np.bool_]:
    """Return the mask of the models whose preference is nearest to uniform (Euclidean).

    Several are equally near if the lattice of preferences has no centre. O(n m).

    Args:
        points: `(n, m)` objectives, at least one row.
        preferences: `(n, m)`, rows on the simplex.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row.

    >>> balanced(np.zeros((3, 2)), [[1.0, 0.0], [0.4, 0.6], [0.6, 0.4]])
    array([False,  True,  True])
    """
    preferences = check_preferences(preferences, like=points)
    check_not_empty(points)
    distances = np.linalg.norm(preferences - 1 / points.shape[1], axis=1)
    nearest: NDArray[np.bool_] = distances <= distances.min() + 1e-9  # ties differ by rounding only
    return nearest
