"""Shrinkage: what is lost between the data that a model was chosen on and new data."""

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_points, check_preferences, check_rows, check_vector
from .expected_utility import check_not_empty


def shrinkage(
    points: ArrayLike,
    /,
    *,
    preferences: ArrayLike,
    values: ArrayLike,
    validation_values: ArrayLike,
    expert_values: ArrayLike,
    pretrained_values: ArrayLike,
) -> float | None:
    """Mean over preferences of the weighted value lost from validation to test; lower is better.

    The loss of task i is (validation - test) / |expert - pretrained|, weighted by p_i. The results
    of the experts and the pretrained model on validation are not stored, so values are compared as
    they are, in the units of the objectives on test. A part is therefore common to all algorithms:
    how much harder the test is than validation. Compare algorithms, not with 0. It is
    negative if test results are better, and None if an expert equals the pretrained model.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        values: `(n, m)` raw task metrics on test that grow with quality.
        validation_values: `(n, m)` the same on validation.
        expert_values: `(m,)` on test, each expert on its own task.
        pretrained_values: `(m,)` on test.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: defined here; shrinkage on new data as in Copas 1983. O(n m).

    >>> shrinkage(
    ...     [[0.5, 0.5]], preferences=[[0.5, 0.5]], values=[[0.5, 0.5]],
    ...     validation_values=[[0.75, 0.5]], expert_values=[1.0, 1.0], pretrained_values=[0.5, 0.5],
    ... )
    0.25
    """
    points = check_points(points)
    m = points.shape[1]
    preferences = check_preferences(preferences, like=points)
    test = check_rows(values, name="values", like=points)
    validation = check_rows(validation_values, name="validation_values", like=points)
    experts = check_vector(expert_values, name="expert_values", m=m)
    pretrained = check_vector(pretrained_values, name="pretrained_values", m=m)
    check_not_empty(points)
    scale = np.abs(experts - pretrained)
    if (scale == 0).any():
        return None
    return float(np.mean(np.sum(preferences * (validation - test) / scale, axis=1)))
