"""WUDI: the merged vector that interferes least with what every task vector does."""

import math
from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import CountOrZero, NonNegativeFloats
from ...problems.experts import ExpertPool
from ...ranges import LogRange
from ..training.tuned import CoefficientRate
from .matrices import merge_matrices, transposed_linear
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class Wudi(SweptMerge):
    """Minimise sum_i |(tau - tau_i) tau_i^T|^2 / |tau_i|^2 in every matrix, starting at their sum.

    The rows of tau_i stand for the inputs of task i: the merged vector should map them as tau_i
    does. Steps are in units of the root mean square of the sum, because the paper's step size is
    fitted to one network. The descent must stop early: its minimum, which is known in closed form,
    is far worse than the pretrained model on `digits-left-right`. It also stops where the gradient
    is no larger than its rounding error, as at the expert of a single task: Adam would turn noise
    of any size into full steps. Tensors that are not matrices are averaged. Source: Cheng et al.
    2025, section 4.

    Args:
        steps: Number of steps of Adam.
        learning_rate: Learning rate of Adam, in units of the root mean square entry of the sum. Of
            values from 3e-4 to 5e-2, 1e-3 was best overall in validation on `digits-left-right` and
            `digits-mnist-neg180`.
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
    steps: Annotated[CountOrZero, LogRange(low=30, high=1000)] = 300
    learning_rate: CoefficientRate = 1e-3

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Run one descent per matrix for every vector of coefficients."""
        transposed = transposed_linear(pool.layout)

        def of_matrix(weights: Tensor) -> Tensor:
            if transposed:
                return self.descend(weights.mT).mT
            return self.descend(weights)

        return lambda coefficients: merge_matrices(pool, coefficients, of_matrix)

    def descend(self, weights: Tensor) -> Tensor:
        """Return the `(o, i)` merged matrix of `(T, o, i)`, with inputs last."""
        merged = weights.sum(dim=0)
        gram, target = normal_equations(weights)
        noise = rounding(merged, gram)
        optimiser = torch.optim.Adam([merged], lr=self.learning_rate * float(_rms(merged)))
        for _ in range(self.steps):
            gradient = 2 * (merged @ gram - target)
            if float(torch.linalg.vector_norm(gradient)) <= noise:
                break
            merged.grad = gradient
            optimiser.step()
        return merged


def normal_equations(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return `(i, i)` A and `(o, i)` B with tau A = B at the minimum, without zero matrices."""
    squares = weights.square().sum(dim=(1, 2))[:, None, None]
    tiny = torch.finfo(squares.dtype).tiny
    grams = weights.mT @ weights / squares.clamp_min(tiny)
    return grams.sum(dim=0), (weights @ grams).sum(dim=0)


def rounding(merged: Tensor, gram: Tensor) -> float:
    """Return the norm of a gradient 2 (tau A - B) that consists of rounding errors alone.

    A sum of n products is wrong by about sqrt(n) eps times the sum of their magnitudes, in any
    order of summation. Entries of A are sums over the `o` rows, and those of tau A over `i` more;
    B has the same error as tau A.

    Args:
        merged: tau, `(o, i)`.
        gram: A, `(i, i)`.
    """
    error = torch.finfo(merged.dtype).eps * math.sqrt(sum(merged.shape))
    magnitudes = torch.linalg.vector_norm(merged.abs() @ gram.abs())
    bound: float = 4 * error * float(magnitudes)
    return bound


def _rms(matrix: Tensor) -> Tensor:
    return matrix.square().mean().sqrt()
