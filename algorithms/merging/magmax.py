"""MagMax: of every entry the task vector that is largest there."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class MagMax(SweptMerge):
    """Entry by entry the task vector of the largest magnitude; the last of equals.

    Source: Marczak et al. 2024, section 4, of experts that all start from the base model.
    """

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """The largest of c_i task_vector_i, entry by entry."""
        return lambda coefficients: largest(pool.task_vectors, coefficients)


def largest(task_vectors: Tensor, coefficients: Tensor) -> Tensor:
    """`(P,)` entries of c_i v_i of the largest magnitude, of `(T, P)` vectors."""
    merged = torch.zeros(task_vectors.shape[1])
    for c, vector in zip(coefficients.tolist(), task_vectors, strict=True):
        scaled = c * vector.to(merged.dtype)
        torch.where(scaled.abs() >= merged.abs(), scaled, merged, out=merged)
    return merged
