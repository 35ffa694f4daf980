"""Model breadcrumbs: task vectors without their outliers and their smallest entries."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class Breadcrumbs(SweptMerge):
    """Sum of the task vectors, of each tensor of which only entries of middling magnitude stay.

    Source: Davari and Belilovsky 2024, section 3.

    Args:
        smallest: Share of the entries of every tensor, the smallest, that are taken away.
        largest: Share, the largest, that are taken away as outliers.
    """

    smallest: float = 0.85
    largest: float = 0.007

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """What stays does not depend on the coefficients."""
        left = torch.empty(pool.task_vectors.shape)
        for vector, out in zip(pool.task_vectors, left, strict=True):
            sizes = list(pool.layout.sizes)
            for piece, target in zip(*(torch.split(x, sizes) for x in (vector, out)), strict=True):
                target.copy_(middling(piece, self.smallest, self.largest))
        return lambda coefficients: coefficients @ left


def middling(entries: Tensor, smallest: float, largest: float) -> Tensor:
    """A copy of `(n,)` entries with the smallest and the largest shares in magnitude at 0."""
    n = len(entries)
    order = entries.abs().argsort()
    kept = torch.zeros_like(entries, dtype=torch.bool)
    kept[order[round(smallest * n) : n - round(largest * n)]] = True
    return entries * kept
