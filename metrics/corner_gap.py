"""Corners: what is lost against the expert where the preference is for a single task."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .checks import TOLERANCE, Array, check_points, check_preferences, check_rows, check_vector


def corner_gap(
    points: ArrayLike, /, *, preferences: ArrayLike, values: ArrayLike, expert_values: ArrayLike
) -> float:
    """Mean over tasks of expert value - value at the task's one-hot preference; lower is better.

    It is 0 for an algorithm that returns the experts at the corners, as interpolation does, and
    negative for one that improves on them. Hypervolume is nearly blind to the corners.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, which include each of the `m` corners; equal rows are averaged.
        values: `(n, m)` raw task metrics that grow with quality; row k belongs to preference k.
        expert_values: `(m,)` in the units of `values`, each expert on its own task.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If a corner is not among the preferences or a number is not finite.

    Source: defined here. O(n m).

    >>> corners = [[1.0, 0.0], [0.0, 1.0]]
    >>> points, values = [[0.0, 1.0], [1.0, 0.5]], [[0.75, 0.25], [0.5, 0.5]]
    >>> corner_gap(points, preferences=corners, values=values, expert_values=[0.75, 0.75])
    0.125
    """
    points = check_points(points)
    m = points.shape[1]
    preferences = check_preferences(preferences, like=points)
    values = check_rows(values, name="values", like=points)
    experts = check_vector(expert_values, name="expert_values", m=m)
    gaps = [experts[i] - _at_corner(i, preferences, values[:, i]) for i in range(m)]
    return float(np.mean(gaps))


def corner_recovery(points: ArrayLike, /, *, preferences: ArrayLike) -> float:
    """Mean over tasks of 1 - g_i at the task's one-hot preference; higher is better.

    It is the share of the gain of each expert over the pretrained model that the corner's model
    keeps: 1 for the experts, 0 for the pretrained model, more for models that improve on the
    experts, and negative for models below the pretrained one. `corner_gap` is in the units of the
    task instead.

    Args:
        points: `(n, m)` normalised objectives, minimised; row k belongs to preference k.
        preferences: `(n, m)`, which include each of the `m` corners; equal rows are averaged.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If a corner is not among the preferences or a number is not finite.

    Source: defined here. O(n m).

    >>> corner_recovery([[0.0, 1.0], [1.0, 0.5]], preferences=[[1.0, 0.0], [0.0, 1.0]])
    0.75
    """
    points = check_points(points)
    preferences = check_preferences(preferences, like=points)
    m = points.shape[1]
    return float(1 - np.mean([_at_corner(i, preferences, points[:, i]) for i in range(m)]))


def _at_corner(task: int, preferences: Array, values: Array) -> float:
    here = preferences[:, task] >= 1 - TOLERANCE
    if not here.any():
        raise ParameterError(
            f"`preferences` must include the corner of each task. Found none for task {task}. "
            "Add the one-hot preferences."
        )
    return float(values[here].mean())
