"""Isotropic merging: all directions of the merged matrix have the same length."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import Fraction, NonNegativeFloats
from ...problems.experts import ExpertPool
from ...ranges import LinearRange
from .matrices import Triplets, merge_matrices, orthonormal, triplets
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class IsotropicCommon(SweptMerge):
    """The sum of the task vectors, with the singular values of each matrix at their mean (Iso-C).

    Tensors that are not matrices are averaged. Directions beyond the numerical rank of the sum stay
    0. Source: Marczak et al. 2025, section 4.
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Decompose every matrix for every vector of coefficients."""
        return lambda coefficients: merge_matrices(pool, coefficients, isotropic)


@final
@dataclass(frozen=True, kw_only=True)
class IsotropicCommonTaskSpecific(SweptMerge):
    """Isotropic merging in a common subspace and one of every task (Iso-CTS).

    The largest singular vectors of the sum are kept; the others are replaced by the largest ones of
    each task vector outside their span. All are orthogonalised and get the mean of their singular
    values. Source: Marczak et al. 2025, section 4, algorithm 1.

    Args:
        common: Fraction of the directions from the sum, rounded so that all tasks have equally
            many.
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
    common: Annotated[Fraction, LinearRange(low=0.0, high=1.0)] = 0.8

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Decompose every matrix T + 3 times for every vector of coefficients."""
        return lambda coefficients: merge_matrices(
            pool, coefficients, lambda weights: common_and_specific(weights, self.common)
        )


def isotropic(weights: Tensor) -> Tensor:
    """Return the `(o, i)` sum of `(T, o, i)` matrices with its singular values at their mean."""
    left, values, right = triplets(weights.sum(dim=0))
    return _even(values) * left @ right


def common_and_specific(weights: Tensor, common: float) -> Tensor:
    """Return the `(o, i)` isotropic matrix in common and specific directions of `(T, o, i)`."""
    directions, tasks = min(weights.shape[1:]), len(weights)
    specific = round((directions - int(directions * common)) / tasks)
    # Rounded up for every task, they could be more than there are directions.
    specific = min(specific, directions // tasks)
    shared = triplets(weights.sum(dim=0), directions - tasks * specific)
    # Specific directions are searched outside of the shared ones, which would otherwise return.
    outside = weights - shared.left @ (shared.left.T @ weights)
    parts: list[Triplets] = [triplets(matrix, specific) for matrix in outside] + [shared]
    left = orthonormal(torch.cat([p.left for p in parts], dim=1))
    right = orthonormal(torch.cat([p.right for p in parts]).T).T
    return _even(torch.cat([p.values for p in parts])) * left @ right


def _even(values: Tensor) -> Tensor:
    """Return the mean of singular values, or 0 if there are none."""
    return values.sum() / max(1, len(values))
