"""Scalarizations: from objectives and a preference to one number; smaller is better.

Preferences mean the same everywhere: p_i is the importance of task i, so a larger p_i asks for a
smaller objective i.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

AUGMENTATION: Final = 1e-3
"""Weight of the linear term, which breaks ties in favour of points that are not weakly
dominated."""


def linear(objectives: NDArray[np.float64], preference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted sum `sum_i p_i g_i` of `(..., m)` objectives: `(...)`.

    Its minimisers lie on the convex hull of the front.
    """
    weighted: NDArray[np.float64] = objectives @ preference
    return weighted


def tchebycheff(
    objectives: NDArray[np.float64], preference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted Tchebycheff distance `max_i p_i g_i` to the ideal point 0: `(...)`.

    Source: Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4.
    """
    worst: NDArray[np.float64] = (objectives * preference).max(axis=-1)
    return worst


def achievement(
    objectives: NDArray[np.float64], preference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Augmented Tchebycheff `max_i p_i g_i + 1e-3 sum_i p_i g_i`: the common selector's utility.

    Source: Wierzbicki 1980, The use of reference objectives in multiobjective optimization.
    """
    augmented: NDArray[np.float64] = tchebycheff(objectives, preference) + AUGMENTATION * linear(
        objectives, preference
    )
    return augmented
