"""Checks of arrays and of preferences. Without them, moocore silently accepts NaN.

Preferences are points of the simplex; a larger p_i asks for a smaller objective i.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, PreferenceError, ShapeError

Array: TypeAlias = NDArray[np.float64]

TOLERANCE = 1e-6
"""Allowed deviation of the sum from one; single-precision sums over 100 tasks stay within it."""


def check_points(points: ArrayLike, *, name: str = "points", m: int | None = None) -> Array:
    """Return the points as a float array, after checking that it is a finite matrix.

    Args:
        points: `(n, m)`, one row per solution; `n` may be 0.
        name: The name of the array in errors.
        m: The required number of columns; by default any number from one.

    Raises:
        ShapeError: If it is not a matrix or has the wrong number of columns.
        ParameterError: If a number is NaN or infinite.

    >>> check_points([[0.2, 0.7]], m=2).shape
    (1, 2)
    """
    array = _as_floats(points, name)
    if array.ndim != 2 or array.shape[1] == 0 or m not in (None, array.shape[1]):
        wanted = f"(n, {'m' if m is None else m})"
        raise ShapeError(
            f"`{name}` must have shape {wanted}. Found {array.shape}. Pass one row per solution."
        )
    return _finite(array, name)


def check_vector(vector: ArrayLike, *, name: str, m: int) -> Array:
    """Return the vector as a float array, after checking that it is `(m,)` and finite.

    Raises:
        ShapeError: If it has the wrong shape.
        ParameterError: If a number is NaN or infinite.
    """
    array = _as_floats(vector, name)
    if array.shape != (m,):
        raise ShapeError(
            f"`{name}` must have shape ({m},). Found {array.shape}. Pass one number per objective."
        )
    return _finite(array, name)


def check_rows(array: ArrayLike, *, name: str, like: Array) -> Array:
    """Return the array as floats, after checking that it is finite and has the shape of `like`.

    Raises:
        ShapeError: If its shape is not that of `like`.
        ParameterError: If a number is NaN or infinite.
    """
    rows = check_points(array, name=name, m=like.shape[1])
    if len(rows) != len(like):
        raise ShapeError(
            f"`{name}` must have {len(like)} rows, one per point. Found {len(rows)}. "
            "Make row k belong to the model that is returned for preference k."
        )
    return rows


def check_milestones(milestones: ArrayLike, *, m: int) -> Array:
    """Return the objectives at milestones as floats, after checking their shape `(k, m + 1, m)`.

    Raises:
        ShapeError: If the shape is another.
        ParameterError: If a number is NaN or infinite.
    """
    array = _as_floats(milestones, "milestones")
    if array.ndim != 3 or array.shape[1:] != (m + 1, m):
        raise ShapeError(
            f"`milestones` must have shape (k, {m + 1}, {m}). Found {array.shape}. "
            "Pass the objectives for the corners and the centre at each milestone."
        )
    return _finite(array, "milestones")


def check_expert_values(expert_values: ArrayLike, *, m: int) -> Array:
    """Return the values of the experts as floats, after checking that all are positive.

    Raises:
        ShapeError: If there is not one value per task.
        ParameterError: If a value is not positive.
    """
    experts = check_vector(expert_values, name="expert_values", m=m)
    if not (experts > 0).all():
        raise ParameterError(
            f"`expert_values` must be positive. Found {experts.min():.4g}. "
            "Pass values that grow with quality, such as accuracies."
        )
    return experts


def _as_floats(array: ArrayLike, name: str) -> Array:
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"`{name}` must be an array of numbers. Found {type(array).__name__}: {error}."
        ) from error


def _finite(array: Array, name: str) -> Array:
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0]
        raise ParameterError(
            f"`{name}` must be finite. Found {array[tuple(bad)]} at {tuple(bad.tolist())}. "
            "Leave failed models out before scoring."
        )
    return array


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
