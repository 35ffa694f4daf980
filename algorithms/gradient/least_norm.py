"""Least-norm problems over combinations of gradients, solved exactly by active sets.

A Gramian C = J J^T `(m, m)` stands for the gradients J: |J^T w|^2 = w^T C w.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]


def root(gramian: Array) -> Array:
    """Return `(m, m)` R with R^T R = C up to rounding; negative eigenvalues count as 0."""
    values, vectors = np.linalg.eigh((gramian + gramian.T) / 2)
    rooted: Array = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    return rooted


def least_norm(gramian: Array) -> Array:
    """Return w on the simplex that minimises w^T C w: the combination of gradients nearest to 0.

    For x >= 0 and C scaled to at most 1, x^T C x + (1 - sum x)^2 is least at a multiple of w, so
    non-negative least squares finds it. Source: Lawson and Hanson 1974, Solving Least Squares
    Problems, chapter 23. Equal weights where all gradients are 0.
    """
    m = len(gramian)
    scale = np.abs(gramian).max()
    if not 0 < scale < np.inf:
        return np.full(m, 1 / m)
    # Scaled, because the second term must neither vanish compared with the first nor dominate it.
    found, _ = nnls(np.vstack([root(gramian / scale), np.ones(m)]), np.r_[np.zeros(m), 1.0])
    weights: Array = found / found.sum()
    return weights


def least_norm_above(gramian: Array, least: Array) -> Array:
    """Return w >= least that minimises w^T C w: `least`'s gradient, projected on the dual cone.

    J^T w is the nearest vector to J^T least that has no negative inner product with any gradient.
    Source: Quinton and Rey 2024, Jacobian descent for multi-objective optimization, proposition 1.
    """
    scale = np.abs(gramian).max()
    if not 0 < scale < np.inf:
        return least
    rooted = root(gramian / scale)
    found, _ = nnls(rooted, -rooted @ least)
    above: Array = least + found
    return above
