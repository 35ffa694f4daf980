"""Shapes and finiteness of what metrics are given; moocore passes over NaN without a word."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, ShapeError

Array: TypeAlias = NDArray[np.float64]


def check_points(points: ArrayLike, *, name: str = "points", m: int | None = None) -> Array:
    """The points as a float array, once it is known to be a finite matrix.

    Args:
        points: `(n, m)`, one row a solution; `n` may be 0.
        name: How errors call the array.
        m: Number of columns it must have; at least one when not given.

    Raises:
        ShapeError: If it is no matrix or has another number of columns.
        ParameterError: If a number is NaN or infinite.

    >>> check_points([[0.2, 0.7]], m=2).shape
    (1, 2)
    """
    array = _as_floats(points, name)
    if array.ndim != 2 or array.shape[1] == 0 or m not in (None, array.shape[1]):
        wanted = f"(n, {'m' if m is None else m})"
        raise ShapeError(
            f"`{name}` must have shape {wanted}. Found {array.shape}. Give one row a solution."
        )
    return _finite(array, name)


def check_vector(vector: ArrayLike, *, name: str, m: int) -> Array:
    """The vector as a float array, once it is known to be `(m,)` and finite.

    Raises:
        ShapeError: If it has another shape.
        ParameterError: If a number is NaN or infinite.
    """
    array = _as_floats(vector, name)
    if array.shape != (m,):
        raise ShapeError(
            f"`{name}` must have shape ({m},). Found {array.shape}. Give one number an objective."
        )
    return _finite(array, name)


def check_rows(array: ArrayLike, *, name: str, like: Array) -> Array:
    """The array as floats, once it is known to be finite and to have a row for each of `like`.

    Raises:
        ShapeError: If its shape is not that of `like`.
        ParameterError: If a number is NaN or infinite.
    """
    rows = check_points(array, name=name, m=like.shape[1])
    if len(rows) != len(like):
        raise ShapeError(
            f"`{name}` must have {len(like)} rows, one a point. Found {len(rows)}. "
            "Row k belongs to the model that answers preference k."
        )
    return rows


def check_expert_values(expert_values: ArrayLike, *, m: int) -> Array:
    """The experts' values as floats, once they are known to be `(m,)`, finite and positive.

    Raises:
        ShapeError: If there is not one value a task.
        ParameterError: If a value is not positive.
    """
    experts = check_vector(expert_values, name="expert_values", m=m)
    if not (experts > 0).all():
        raise ParameterError(
            f"`expert_values` must be positive. Found {experts.min():.4g}. "
            "Give values that grow with quality, such as accuracies."
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
