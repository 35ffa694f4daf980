"""DARE and DELLA: drop entries of the task vectors at random and rescale the others."""

from abc import ABC
from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import NonNegativeFloats, ProperFraction
from ...errors import ParameterError
from ...problems.experts import ExpertPool
from ...ranges import LinearRange
from .swept_merge import Merge, SweptMerge
from .ties import disjoint_mean


@dataclass(frozen=True, kw_only=True)
class _Dare(SweptMerge, ABC):
    """Task vectors with random entries dropped and the others rescaled (DARE).

    There is one mask per task vector and fit; its randomness shows between the seeds of a study.
    Source: Yu et al. 2024, section 3.2.

    Args:
        drop: Probability that an entry is dropped, in any tensor. 0.5 was better than 0.7
            and 0.9 in validation on `digits-left-right` and `digits-mnist-neg180`.
    """

    drop: Annotated[ProperFraction, LinearRange(low=0.0, high=0.95)] = 0.5


@final
@dataclass(frozen=True, kw_only=True)
class Dare(_Dare):
    """Task arithmetic of dropped and rescaled task vectors."""

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Return the weighted sum of the dropped vectors."""
        vectors = dropped(pool.task_vectors, self.drop, generator)
        return lambda coefficients: coefficients @ vectors


@final
@dataclass(frozen=True, kw_only=True)
class DareTies(_Dare):
    """TIES of dropped and rescaled task vectors: dropping replaces trimming."""

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Return the mean of the remaining entries that have the elected sign."""
        vectors = dropped(pool.task_vectors, self.drop, generator)
        return lambda coefficients: disjoint_mean(vectors, coefficients)


def dropped(task_vectors: Tensor, drop: float, generator: torch.Generator) -> Tensor:
    """Return `(T, P)` float32 copies with entries dropped, and the others divided by 1 - drop."""
    left = torch.empty(task_vectors.shape)
    # One mask at a time, so that only one is in memory; the order of the tasks decides the draws.
    for vector, out in zip(task_vectors, left, strict=True):
        kept = torch.rand(len(out), generator=generator) >= drop
        torch.mul(vector.to(out.dtype), kept / (1 - drop), out=out)
    return left


@final
@dataclass(frozen=True, kw_only=True)
class Della(SweptMerge):
    """TIES of task vectors whose entries are dropped at random, small ones more often (DELLA).

    Within each row of a matrix, and within any other tensor, the probability falls linearly with
    the rank of the magnitude, from drop + spread / 2 to drop - spread / 2; the remaining entries
    are divided by their probability of remaining. There is one mask per task vector and fit.
    Source: Deep et al. 2024, section 3 (MagPrune).

    Args:
        drop: Mean probability that an entry is dropped. In validation on `digits-left-right` and
            `digits-mnist-neg180`, 0.3, 0.5 and 0.7 differ less than two masks with the same
            probability do.
        spread: Difference between the probabilities of the smallest and the largest.
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
    drop: Annotated[ProperFraction, LinearRange(low=0.0, high=0.95)] = 0.5
    spread: Annotated[ProperFraction, LinearRange(low=0.0, high=0.8)] = 0.6

    def __post_init__(self) -> None:
        """Check that the probabilities of dropping are in [0, 1]."""
        super().__post_init__()
        least, most = self.drop - self.spread / 2, self.drop + self.spread / 2
        if least < 0 or most > 1:
            raise ParameterError(
                "`drop` - `spread` / 2 and `drop` + `spread` / 2 of `della` must be in [0, 1]. "
                f"Found {least:g} and {most:g}. Lower `spread`, or move `drop` towards 0.5."
            )

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Return the mean of the remaining entries that have the elected sign."""
        left = torch.empty(pool.task_vectors.shape)
        for vector, out in zip(pool.task_vectors, left, strict=True):
            targets = pool.layout.unflatten(out)
            for name, tensor in pool.layout.unflatten(vector).items():
                rows = tensor.float() if tensor.dim() == 2 else tensor.float().view(1, -1)
                stay = 1 - drop_probabilities(rows, self.drop, self.spread)
                kept = torch.rand(rows.shape, generator=generator) < stay
                # An entry that is certainly dropped has the quotient 0 / 0, which must be 0.
                quotient = rows * kept / stay.clamp_min(torch.finfo(stay.dtype).tiny)
                targets[name].copy_(quotient.view(tensor.shape))
        return lambda coefficients: disjoint_mean(left, coefficients)


def drop_probabilities(rows: Tensor, drop: float, spread: float) -> Tensor:
    """Return the probabilities that `(r, n)` entries are dropped, by their rank in the row.

    >>> drop_probabilities(torch.tensor([[3.0, -1.0, 2.0]]), 0.5, 0.5).tolist()
    [[0.25, 0.75, 0.5]]
    """
    # Sorting the order again gives the rank of each entry.
    rank = rows.abs().argsort(dim=1).argsort(dim=1)
    # A row with one entry has only the rank 0.
    return drop + spread * (0.5 - rank / max(1, rows.shape[1] - 1))
