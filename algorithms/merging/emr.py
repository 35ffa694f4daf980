"""EMR: elect one vector, mask it for each task, rescale it."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet, PerTask
from ..training.trimming import elect_signs


@final
@dataclass(frozen=True, kw_only=True)
class Emr(Algorithm):
    """One model per task, pretrained + scale_i * mask_i * unified, from one vector for all tasks.

    Unified has the sign of the sum and the largest magnitude among the task vectors of that sign,
    entry by entry; mask i keeps where task vector i has that sign; scale i gives back the sum of
    its magnitudes. The pretrained model, one vector, one bit per entry and task, and the scales are
    stored. Source: Huang et al. 2024, section 3.2.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        pool = view.experts
        unified = elected(pool.task_vectors)
        models = tuple(pool.pretrained + masked(unified, vector) for vector in pool.task_vectors)
        bits = len(pool) * -(-pool.layout.size // 8)
        return ConstantSet(
            experts=pool,
            constant=PerTask(points=models),
            stored_bytes=pool.pretrained.nbytes + unified.nbytes + bits + 4 * len(pool),
        )


def elected(task_vectors: Tensor) -> Tensor:
    """Return the `(P,)` sign of the sum times the largest magnitude with that sign."""
    signs = elect_signs(task_vectors)
    largest = torch.zeros_like(signs)
    for vector in task_vectors:
        # Entries of the other sign are negative here, so they never exceed the start, 0.
        torch.maximum(largest, vector * signs, out=largest)
    return largest * signs


def masked(unified: Tensor, task_vector: Tensor) -> Tensor:
    """Return the `(P,)` part of the unified vector with the task vector's signs and L1 length."""
    part = unified * (task_vector * unified > 0)
    length = part.abs().sum()
    return part * (task_vector.abs().sum() / length) if length > 0 else part
