"""Model breadcrumbs: task vectors without their outliers and their smallest entries."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import ProperFraction
from ...errors import ParameterError
from ...problems.experts import ExpertPool
from ...ranges import LinearRange, LogRange
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class Breadcrumbs(SweptMerge):
    """Sum of the task vectors, in which only entries of middling magnitude of each tensor are kept.

    Source: Davari and Belilovsky 2024, section 3.

    Args:
        smallest: Fraction of the entries of every tensor that are removed as the smallest.
        largest: Fraction of the entries that are removed as outliers, the largest ones.
    """

    smallest: Annotated[ProperFraction, LinearRange(low=0.0, high=0.95)] = 0.85
    largest: Annotated[ProperFraction, LogRange(low=1e-3, high=1e-1)] = 0.007

    def __post_init__(self) -> None:
        """Check that entries remain."""
        super().__post_init__()
        if self.smallest + self.largest >= 1:
            raise ParameterError(
                "`smallest` + `largest` of `breadcrumbs` must be below 1, so that entries remain. "
                f"Found {self.smallest:g} + {self.largest:g}. Lower one of them."
            )

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Find the entries that are kept, which do not depend on the coefficients."""
        left = torch.empty(pool.task_vectors.shape)
        for vector, out in zip(pool.task_vectors, left, strict=True):
            sizes = list(pool.layout.sizes)
            for piece, target in zip(*(torch.split(x, sizes) for x in (vector, out)), strict=True):
                target.copy_(middling(piece, self.smallest, self.largest))
        return lambda coefficients: coefficients @ left


def middling(entries: Tensor, smallest: float, largest: float) -> Tensor:
    """Return a copy of `(n,)` entries with the smallest and the largest ones set to 0."""
    n = len(entries)
    order = entries.abs().argsort()
    kept = torch.zeros_like(entries, dtype=torch.bool)
    kept[order[round(smallest * n) : n - round(largest * n)]] = True
    return entries * kept
