"""The scoring preferences. No algorithm may see them, so no algorithm may import this module."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...problems.hold_out import check_not_held_out

SEED = 20240614
"""Seed of the random preferences. Changing it would make another benchmark."""

RANDOM_PREFERENCES = 32


def scoring_preferences(m: int) -> NDArray[np.float64]:
    """Return the `(k, m)` scoring preferences for `m` tasks, always the same; rows sum to 1.

    2 tasks: the lattice of 11 points. 3 tasks: the lattice of 66. From 4 tasks, in this order: the
    m corners, the centre, the m(m - 1)/2 midpoints of edges, the m centres of facets (uniform over
    all tasks but one) and 32 points drawn uniformly from the simplex: 77 for 8 tasks.

    Raises:
        ParameterError: If there are fewer than two tasks.
        PluginResultError: If a fit is under way in this process.

    >>> [len(scoring_preferences(m)) for m in (2, 3, 8)]
    [11, 66, 77]
    """
    check_not_held_out("the scoring preferences")
    if m < 2:
        raise ParameterError(f"`m` must be at least 2 tasks. Found {m}.")
    if m <= 3:
        return lattice(m, 10)
    corners = np.eye(m)
    edges = [(corners[i] + corners[j]) / 2 for i, j in combinations(range(m), 2)]
    left_out = (1 - corners) / (m - 1)
    return np.vstack([corners, np.full((1, m), 1 / m), edges, left_out, _uniform(m)])


def lattice(m: int, partitions: int) -> NDArray[np.float64]:
    """Return all `(k, m)` vectors of multiples of 1 / `partitions` that sum to 1.

    They are sorted by coordinates, descending: from the corner of task 0 to that of the last task.
    k = C(partitions + m - 1, m - 1).

    Source: Das and Dennis 1998, https://doi.org/10.1137/S1052623496307510.

    Raises:
        ParameterError: If `m` or `partitions` is less than 1.

    >>> lattice(2, 2)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    if m < 1 or partitions < 1:
        raise ParameterError(
            f"`m` and `partitions` must be at least 1. Found {m} and {partitions}."
        )
    slots = partitions + m - 1
    bars = np.array(list(combinations(range(slots), m - 1)), dtype=np.int64)
    ends = np.hstack([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), slots)])
    counts = np.diff(ends, axis=1) - 1
    return counts[::-1] / partitions


def _uniform(m: int) -> NDArray[np.float64]:
    """Return Dirichlet(1) rows from raw bits, whose stream NumPy guarantees, unlike draws."""
    bits = np.random.PCG64(SEED).random_raw(RANDOM_PREFERENCES * m)
    exponentials = -np.log1p(-((bits >> np.uint64(11)) * 2.0**-53)).reshape(-1, m)
    rows: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return rows
