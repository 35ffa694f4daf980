"""Nash-MTL: the step that tasks agree on by bargaining."""

from typing import ClassVar, Final, final

import numpy as np
from torch import Tensor

from ..training.weighting import Step, Weighting
from .conflict import as_array, as_weights
from .least_norm import Array, root

_RIDGE: Final = 1e-8
"""Added to the Gramian of unit gradients: a solution exists where they cancel too."""
_ITERATIONS: Final = 100


@final
class NashMTL(Weighting):
    """Weights alpha > 0 with C alpha = 1 / alpha: the Nash solution of bargaining for a step.

    They minimise alpha^T C alpha / 2 - sum_i log alpha_i, which is convex, so that Newton's method
    finds what the paper approaches by a sequence of programs. The step is sqrt(m) long whatever the
    scale of the losses: a weight on a loss has no effect, so that there is no preference.
    Source: Navon et al. 2022, Multi-task learning as a bargaining game, ICML, claim 3.2.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` positive weights."""
        return as_weights(bargained(as_array(step.gramian)), step)


def bargained(gramian: Array) -> Array:
    """Alpha `(m,)` with (C + ridge) alpha = 1 / alpha; ones where a gradient is 0."""
    sizes = np.sqrt(np.diag(gramian))
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return np.ones(len(gramian))
    rooted = root(gramian / np.outer(sizes, sizes))
    cosines = rooted.T @ rooted + _RIDGE * np.eye(len(sizes))
    alpha = np.ones(len(sizes))
    for _ in range(_ITERATIONS):
        gradient = cosines @ alpha - 1 / alpha
        step = np.linalg.solve(cosines + np.diag(alpha**-2.0), gradient)
        decrement = float(np.sqrt(max(float(gradient @ step), 0.0)))
        alpha = alpha - step / (1 + decrement)
        if decrement < 1e-10:
            break
    return alpha / sizes
