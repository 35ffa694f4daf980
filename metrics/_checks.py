"""Checks of shapes and finiteness. Without them, moocore silently accepts NaN."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, ShapeError

Array: TypeAlias = NDArray[np.float64]


def check_points(points: ArrayLike, *, name: str = "points", m: int | None = None) -> Array:
    """Return the points as a float array, after checking that it is a finite matrix.

    Args:
        points: `(n, m)`, one row per solution; `n` may be 0.
        name: The name of the array in errors.
        m: The required number of columns; by default any number from one.

    Raises:
        ShapeError: If it is not a matrix or has another number of columns.
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
        ShapeError: If it has another shape.
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
