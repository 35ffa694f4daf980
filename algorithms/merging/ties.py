"""TIES: trim, elect signs, average what agrees."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import NonNegativeFloats
from ...problems.experts import ExpertPool
from ..training.trimming import elect_signs, trim
from ..training.tuned import Keep
from .swept_merge import Merge, SweptMerge, effective_number, weighted_sum


@final
@dataclass(frozen=True, kw_only=True)
class Ties(SweptMerge):
    """Mean of the trimmed task vectors that have the elected sign, entry by entry (TIES).

    Each vector keeps the fraction `keep` of its entries, ranked over the whole model; the elected
    sign of an entry is that of the sum; the mean is over the vectors that kept the entry with that
    sign (the paper's disjoint mean, not the sum of some implementations). In the lifted form,
    vectors are scaled before signs are elected, and a sum is divided by the effective number of
    vectors, so that a corner is the trimmed expert. Source: Yadav et al. 2023, section 4, algorithm
    1.

    Args:
        keep: Fraction of the entries of every task vector that are kept.
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
    keep: Keep = 0.2

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Trim the vectors once; the coefficients take part in the election of signs."""
        trimmed = trim(pool.task_vectors, self.keep)
        return lambda coefficients: disjoint_mean(trimmed, coefficients)


def disjoint_mean(task_vectors: Tensor, coefficients: Tensor) -> Tensor:
    """Return `(P,)` means of the entries of c_i v_i that are not 0 and have the elected sign.

    Args:
        task_vectors: `(T, P)`; only P-sized copies are made.
        coefficients: `(T,)`, non-negative.
    """
    # In float64 the products are exact. In float32 an entry whose terms cancel would take the sign
    # of a rounding error, which exists only on processors with fused multiplication.
    signs = elect_signs(weighted_sum(task_vectors, coefficients, torch.float64)[None])
    agreed, weight, squares = (torch.zeros_like(signs) for _ in range(3))
    # Vector by vector, because a `(T, P)` copy would double the memory of the pool.
    for c, vector in zip(coefficients.tolist(), task_vectors, strict=True):
        kept = c * (vector * signs > 0)
        agreed.addcmul_(kept, vector.to(kept.dtype))
        weight.add_(kept)
        squares.addcmul_(kept, kept)
    return agreed / effective_number(weight, squares)
