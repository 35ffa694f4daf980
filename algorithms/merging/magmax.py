"""MagMax: for every entry, the largest value among the task vectors."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class MagMax(SweptMerge):
    """The entry of the largest magnitude among the task vectors; the last one in a tie (MagMax).

    Source: Marczak et al. 2024, section 4, for experts that all start from the pretrained model. In
    the lifted form the corners are the experts.
    """

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Return the largest of c_i task_vector_i, entry by entry."""
        return lambda coefficients: largest(pool.task_vectors, coefficients)


def largest(task_vectors: Tensor, coefficients: Tensor) -> Tensor:
    """Return the `(P,)` entries of c_i v_i with the largest magnitude, for `(T, P)` vectors."""
    merged = torch.zeros(task_vectors.shape[1])
    for c, vector in zip(coefficients.tolist(), task_vectors, strict=True):
        scaled = c * vector.to(merged.dtype)
        torch.where(scaled.abs() >= merged.abs(), scaled, merged, out=merged)
    return merged
