"""TALL masks: the entries of the summed task vectors that a task uses."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet, PerTask
from .swept_merge import Merge, SweptMerge, weighted_sum


@final
@dataclass(frozen=True, kw_only=True)
class TallMasks(Algorithm):
    """Each task answered by base + mask_i * sum of the task vectors, from one mask a task.

    Mask i has the entries with |tau_i| >= strictness * |sum - tau_i|; at strictness 1 no mask comes
    nearer to the expert. Stored are the base model, one vector, and one bit an entry and task.
    Source: Wang et al. 2024, section 3, where strictness is tuned for every task.

    Args:
        strictness: How much the others may weigh against the task. Of 0.2, 0.4, 0.6 and 1 the best
            mean objective over `digits-left-right` and `digits-mnist-neg180`, on validation.
    """

    strictness: float = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Nothing is fitted."""
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

    What only one task uses is taken for selfish, what none does for dead weight. Uses are told by
    TALL masks. Source: Wang et al. 2024, section 4, with its number of users.

    Args:
        strictness: As in `TallMasks`; at 1 no entry has two users where there are two tasks.
        users: Fewest tasks that must use an entry for it to stay.
    """

    strictness: float = 0.4
    users: int = 2

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """The entries that stay do not depend on the coefficients."""
        used = torch.zeros(pool.layout.size, dtype=torch.int32)
        for mask in masks(pool, self.strictness):
            used += mask
        stays = used >= self.users
        return lambda coefficients: weighted_sum(pool.task_vectors, coefficients) * stays


def masks(pool: ExpertPool, strictness: float) -> list[Tensor]:
    """`(P,)` bool mask of each task."""
    total = summed(pool)
    return [
        vector.abs() >= strictness * (total - vector).abs()
        for vector in (v.to(total.dtype) for v in pool.task_vectors)
    ]


def summed(pool: ExpertPool) -> Tensor:
    """`(P,)` float32 sum of the task vectors."""
    return weighted_sum(pool.task_vectors, torch.ones(len(pool)))
