"""Predictions of the model for the balanced preference: agreement, calibration and likelihood.

Accuracy says how often a model is right. These say whether it is right where the experts are, and
whether its probabilities can be trusted. Models equally near to the balanced preference are
averaged.
"""

from numpy.typing import ArrayLike

from .balanced import balanced
from .checks import check_points, check_rows


def agreement(points: ArrayLike, /, *, preferences: ArrayLike, agreements: ArrayLike) -> float:
    """Mean over tasks of the share of test examples predicted as by the expert; higher is better.

    The range is 0 to 1. It can be high at a low accuracy, where the model repeats the mistakes of
    the experts, and shows how much of the experts a merge preserves.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        agreements: `(n, m)`; entry (k, i) is the share of the examples of task i for which model k
            predicts the class that expert i predicts.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Hinton, Vinyals and Dean 2015 measure students by it; Stanton et al. 2021
    (average top-1 agreement). O(n m).

    >>> agreement([[0.5, 0.0]], preferences=[[0.5, 0.5]], agreements=[[0.5, 1.0]])
    0.75
    """
    return _balanced_mean(points, preferences, agreements, "agreements")


def calibration_error(
    points: ArrayLike, /, *, preferences: ArrayLike, calibration_errors: ArrayLike
) -> float:
    """Mean over tasks of the expected calibration error on test; lower is better, 0 to 1.

    Merged models are often less confident than they are accurate, or the reverse. The error of a
    task is the mean over 15 bins of |accuracy - confidence|, weighted by the examples in them.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        calibration_errors: `(n, m)`; entry (k, i) is the error of model k on task i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Guo et al. 2017, eq. 3. O(n m).

    >>> calibration_error([[0.5, 0.0]], preferences=[[0.5, 0.5]], calibration_errors=[[0.25, 0.0]])
    0.125
    """
    return _balanced_mean(points, preferences, calibration_errors, "calibration_errors")


def negative_log_likelihood(
    points: ArrayLike, /, *, preferences: ArrayLike, losses: ArrayLike
) -> float:
    """Mean over tasks of the loss on test; lower is better.

    For classifiers the loss is the mean negative log-likelihood of the classes in nats, from 0.
    Unlike accuracy it punishes confident mistakes. For problems that are known without examples
    it is the loss itself.

    Args:
        points: `(n, m)` normalised objectives; only the shape is used.
        preferences: `(n, m)`, rows on the simplex.
        losses: `(n, m)`; entry (k, i) is the loss of model k on task i.

    Raises:
        ShapeError: If the shapes differ.
        PreferenceError: If a row is not on the simplex.
        ParameterError: If there is no row or a number is not finite.

    Source: Guo et al. 2017 (NLL). O(n m).

    >>> negative_log_likelihood([[0.5, 0.0]], preferences=[[0.5, 0.5]], losses=[[2.0, 0.5]])
    1.25
    """
    return _balanced_mean(points, preferences, losses, "losses")


def _balanced_mean(points: ArrayLike, preferences: ArrayLike, rows: ArrayLike, name: str) -> float:
    points = check_points(points)
    array = check_rows(rows, name=name, like=points)
    return float(array[balanced(points, preferences)].mean(axis=1).mean())
