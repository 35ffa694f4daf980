"""TALL masks: the entries of the summed task vectors that a task uses."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import CountOrZero, NonNegativeFloat
from ...errors import NotApplicableError
from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ...ranges import LinearRange
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet, PerTask
from .swept_merge import Merge, SweptMerge, weighted_sum


@final
@dataclass(frozen=True, kw_only=True)
class TallMasks(Algorithm):
    """One model per task, pretrained + mask_i * sum of the task vectors, from one mask per task.

    Mask i has the entries with |tau_i| >= strictness * |sum - tau_i|; with strictness 1 it gives
    the model nearest to the expert. The pretrained model, one vector, and one bit per entry and
    task are stored. Source: Wang et al. 2024, section 3, where strictness is tuned for every task.

    Args:
        strictness: Weight of the other tasks against the task. Of 0.2, 0.4, 0.6 and 1, 1 had the
            best mean objective over `digits-left-right` and `digits-mnist-neg180`, on validation.
    """

    strictness: Annotated[NonNegativeFloat, LinearRange(low=0.1, high=1.5)] = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        pool = view.experts
        total = summed(pool)
        models = (pool.pretrained + total * mask for mask in masks(pool, self.strictness))
        bits = len(pool) * -(-pool.layout.size // 8)
        return ConstantSet(
            experts=pool,
            constant=PerTask(points=tuple(models)),
            stored_bytes=pool.pretrained.nbytes + total.nbytes + bits,
        )


@final
@dataclass(frozen=True, kw_only=True)
class Consensus(SweptMerge):
    """Sum of the task vectors without the entries that fewer than two tasks use.

    Entries used by only one task are considered selfish, and those used by none dead weight. TALL
    masks decide which entries a task uses. Source: Wang et al. 2024, section 4, with its number of
    users.

    Args:
        strictness: As in `TallMasks`; with 1 and two tasks, no entry has two users.
        users: Minimum number of tasks that must use an entry for it to be kept.
    """

    strictness: Annotated[NonNegativeFloat, LinearRange(low=0.1, high=1.5)] = 0.4
    users: CountOrZero = 2

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Find the entries that are kept, which do not depend on the coefficients.

        Raises:
            NotApplicableError: If there are fewer tasks than users wanted.
        """
        if self.users > len(pool):
            raise NotApplicableError(
                f"`users` must be at most the number of tasks. Found {self.users} and {len(pool)}. "
                "With more, no entry would be kept."
            )
        used = torch.zeros(pool.layout.size, dtype=torch.int32)
        for mask in masks(pool, self.strictness):
            used += mask
        stays = used >= self.users
        return lambda coefficients: weighted_sum(pool.task_vectors, coefficients) * stays


def masks(pool: ExpertPool, strictness: float) -> list[Tensor]:
    """Return the `(P,)` bool mask of each task."""
    total = summed(pool)
    return [
        vector.abs() >= strictness * (total - vector).abs()
        for vector in (v.to(total.dtype) for v in pool.task_vectors)
    ]


def summed(pool: ExpertPool) -> Tensor:
    """Return the `(P,)` float32 sum of the task vectors."""
    return weighted_sum(pool.task_vectors, torch.ones(len(pool)))
