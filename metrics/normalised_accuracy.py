"""Accuracy relative to the experts, of the model for the balanced preference."""

import numpy as np
from numpy.typing import ArrayLike

from .balanced import balanced
from .checks import Array, check_expert_values, check_points, check_rows, check_vector


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


def delta_m(
    points: ArrayLike, /, *, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> float | None:
    """Mean over tasks of the change against the expert at the balanced preference, in percent.

    Higher is better: 0 is as good as the experts, and -10 loses a tenth of their values on average.
    For accuracies it is 100 (`average_normalised_accuracy` - 1). It is also defined for values
    that are negated losses, where a change is a share of the expert's loss. It is None if an expert
    has the value 0. Some papers report the negative, as a drop.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` raw task metrics that grow with quality; row k belongs to preference k.
        expert_values: `(m,)` in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Maninis et al. 2019: 100 mean_i (v_i - e_i) / |e_i|, with the experts as
    single-task baselines. O(n m).

    >>> round(delta_m([[0.5, 0.0]], preferences=[[0.5, 0.5]], values=[[0.4, 0.8]],
    ...               expert_values=[0.8, 0.8]), 9)
    -25.0
    """
    points = check_points(points)
    values = check_rows(values, name="values", like=points)
    experts = check_vector(expert_values, name="expert_values", m=points.shape[1])
    nearest = balanced(points, preferences)
    if (experts == 0).any():
        return None
    return float(100 * ((values[nearest] - experts) / np.abs(experts)).mean(axis=1).mean())


def _balanced(
    points: ArrayLike, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> Array | None:
    """Return the `(k, m)` normalised values of the k models that are nearest to uniform."""
    points = check_points(points)
    values = check_rows(values, name="values", like=points)
    nearest = balanced(points, preferences)
    if (check_vector(expert_values, name="expert_values", m=points.shape[1]) <= 0).all():
        return None
    normalised: Array = values[nearest] / check_expert_values(expert_values, m=points.shape[1])
    return normalised
