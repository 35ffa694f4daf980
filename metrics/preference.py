"""Preferences: points of the simplex; a larger p_i asks for a smaller objective i."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import PreferenceError
from ._checks import Array, check_rows

TOLERANCE = 1e-6
"""Allowed deviation of the sum from one; single-precision sums over 100 tasks stay within it."""


def check_preference(preference: ArrayLike, m: int) -> Array:
    """Return the preference as a new `(m,)` float array, after checking that it is on the simplex.

    The numbers are never rescaled: an algorithm must see exactly the preference of the caller.

    Args:
        preference: `(m,)` nonnegative importances, which sum to 1 within `TOLERANCE`.
        m: Number of tasks.

    Raises:
        PreferenceError: If the length is not `m` or the vector is not on the simplex.

    >>> check_preference([0.2, 0.8], 2)
    array([0.2, 0.8])
    """
    try:
        array = np.array(preference, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PreferenceError(
            f"`preference` must be a vector of {m} numbers. Found {type(preference).__name__}. "
            "Pass one number per task."
        ) from error
    if array.shape != (m,):
        raise PreferenceError(
            f"`preference` must have one number per task, shape ({m},). Found {array.shape}. "
            "Pass an importance for each task."
        )
    _check_simplex(array, "`preference`")
    return array


def check_preferences(preferences: ArrayLike, *, like: Array) -> Array:
    """Return the preferences as floats, after checking that each row is one and has its point.

    Args:
        preferences: `(n, m)`, row k is the preference of point k.
        like: `(n, m)` points.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
    """
    array = check_rows(preferences, name="preferences", like=like)
    within = (array >= 0) & np.isfinite(array)
    if not within.all() or (np.abs(array.sum(axis=1) - 1) > TOLERANCE).any():
        for k, row in enumerate(array):
            _check_simplex(row, f"`preferences` row {k}")
    return array


def _check_simplex(vector: Array, name: str) -> None:
    if not np.isfinite(vector).all():
        bad = vector[~np.isfinite(vector)][0]
        raise PreferenceError(f"{name} must be finite. Found {bad}. Pass a number per task.")
    if (vector < 0).any():
        raise PreferenceError(
            f"{name} must not be negative. Found {vector.min():.4g}. "
            "Use 0 for a task without importance."
        )
    total = vector.sum()
    if abs(total - 1) > TOLERANCE:
        raise PreferenceError(f"{name} must sum to 1. Found {total:.4f}. Divide it by its sum.")
