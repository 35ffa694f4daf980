"""Epsilon indicators: by how much a set must improve to weakly dominate the reference front."""

import moocore
import numpy as np
from numpy.typing import ArrayLike

from .igd import check_front


def additive_epsilon(points: ArrayLike, /, *, front: ArrayLike) -> float:
    """Least amount that, subtracted from all points, makes them cover the front; lower is better.

    It is the worst case where IGD+ is the mean: one point of the front that no model comes near
    decides it. It is 0 on the front and negative for sets that are strictly better than all of it.
    Weakly Pareto compliant. Without points it is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Zitzler et al. 2003: max_z min_a max_i (a_i - z_i); moocore. O(n k m).

    >>> additive_epsilon([[0.5, 0.5]], front=[[0.0, 1.0], [0.5, 0.25]])
    0.5
    """
    points, front = check_front(points, front)
    return float(moocore.epsilon_additive(points, ref=front)) if len(points) else np.inf


def multiplicative_epsilon(points: ArrayLike, /, *, front: ArrayLike) -> float | None:
    """Least factor by which 1 + g must be divided to cover the front; lower is better, from 0.

    Ratios need positive numbers with a meaningful zero. Normalised objectives have neither: the
    experts are at 0. So 1 is added: an expert has 1 and the pretrained model 2, and the value is 1
    on the front. It is None if some 1 + g is not positive, that is, if a model gains twice what
    the expert gains. Weakly Pareto compliant. Without points it is infinite.

    Args:
        points: `(n, m)` objectives, minimised.
        front: `(k, m)` reference front in the same units.

    Raises:
        ShapeError: If the numbers of objectives differ.
        ParameterError: If a number is not finite or the front is empty.

    Source: Zitzler et al. 2003, of 1 + g: max_z min_a max_i (1 + a_i) / (1 + z_i);
    moocore. O(n k m).

    >>> multiplicative_epsilon([[1.0, 0.5]], front=[[0.0, 1.0], [0.0, 0.5]])
    2.0
    """
    points, front = check_front(points, front)
    if len(points) == 0:
        return np.inf
    if min(points.min(), front.min()) <= -1:
        return None
    return float(moocore.epsilon_mult(1 + points, ref=1 + front))
