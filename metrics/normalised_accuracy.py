"""Accuracy relative to the experts, of the model for the balanced preference."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .checks import (
    Array,
    check_expert_values,
    check_points,
    check_preferences,
    check_rows,
    check_vector,
)


def average_normalised_accuracy(
    points: ArrayLike, /, *, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> float | None:
    """Mean over tasks of value / expert value at the balanced preference; higher is better.

    It is 1 if every task is as good as its expert, and may be larger. The model is the one whose
    preference is nearest to uniform (Euclidean). Equally near models are averaged, since some
    lattices of preferences have no centre. The value is None if no expert has a positive value:
    the values are then negated losses, whose ratios have no meaning.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` accuracies; row k belongs to preference k.
        expert_values: `(m,)` positive, in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, a number is not finite, or only some of the experts'
            values are positive.

    Source: Ilharco et al. 2023. O(n m).

    >>> average_normalised_accuracy(
    ...     [[0.5, 0.0]], preferences=[[0.5, 0.5]], values=[[0.4, 0.8]], expert_values=[0.8, 0.8]
    ... )
    0.75
    """
    balanced = _balanced(points, preferences, values, expert_values)
    return None if balanced is None else float(balanced.mean(axis=1).mean())


def worst_task_normalised_accuracy(
    points: ArrayLike, /, *, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> float | None:
    """Minimum over tasks of value / expert value at the balanced preference; higher is better.

    If several models are equally near to uniform, their minima are averaged. The value is None if
    no expert has a positive value, as for `average_normalised_accuracy`.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` accuracies; row k belongs to preference k.
        expert_values: `(m,)` positive, in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, a number is not finite, or only some of the experts'
            values are positive.

    Source: defined here. O(n m).

    >>> worst_task_normalised_accuracy(
    ...     [[0.5, 0.0]], preferences=[[0.5, 0.5]], values=[[0.4, 0.8]], expert_values=[0.8, 0.8]
    ... )
    0.5
    """
    balanced = _balanced(points, preferences, values, expert_values)
    return None if balanced is None else float(balanced.min(axis=1).mean())


def _balanced(
    points: ArrayLike, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> Array | None:
    """Return the `(k, m)` normalised values of the k models that are nearest to uniform."""
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    values = check_rows(values, name="values", like=points)
    if (check_vector(expert_values, name="expert_values", m=points.shape[1]) <= 0).all():
        return None
    experts = check_expert_values(expert_values, m=points.shape[1])
    if len(points) == 0:
        raise ParameterError(
            "`preferences` must have at least one row. Found none. Leave runs without points out."
        )
    distances = np.linalg.norm(preferences - 1 / points.shape[1], axis=1)
    nearest = distances <= distances.min() + 1e-9  # ties differ by rounding only
    normalised: Array = values[nearest] / experts
    return normalised
