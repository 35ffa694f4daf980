"""Accuracy relative to the experts, of the model that treats all tasks alike."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from ._checks import Array, check_expert_values, check_points, check_rows, check_vector
from .preference import check_preferences


def average_normalised_accuracy(
    points: ArrayLike, /, *, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> float | None:
    """Mean over tasks of value / expert value at the balanced preference; higher is better.

    1 when every task is as good as its expert; above 1 is possible. The model is the one whose
    preference is nearest to uniform (Euclidean); the value is the mean over models equally near,
    since some lattices have no centre. None where no expert has a positive value: the values are
    then no accuracies but losses, negated, of which shares mean nothing.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` accuracies; row k answers preference k.
        expert_values: `(m,)` positive, in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, a number is not finite or some experts' values are
            positive and others not.

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
    """Least over tasks of value / expert value at the balanced preference; higher is better.

    Models equally near to uniform each have their own worst task, of which the mean is taken. None
    where no expert has a positive value, as for the average.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` accuracies; row k answers preference k.
        expert_values: `(m,)` positive, in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row, a number is not finite or some experts' values are
            positive and others not.

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
    """Normalised values `(k, m)` of the k models whose preference is nearest to uniform."""
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    values = check_rows(values, name="values", like=points)
    if (check_vector(expert_values, name="expert_values", m=points.shape[1]) <= 0).all():
        return None
    experts = check_expert_values(expert_values, m=points.shape[1])
    if len(points) == 0:
        raise ParameterError("`preferences` must have at least one row. Found none.")
    distances = np.linalg.norm(preferences - 1 / points.shape[1], axis=1)
    nearest = distances <= distances.min() + 1e-9  # ties differ by rounding only
    normalised: Array = values[nearest] / experts
    return normalised
