"""Linear scalarization over merging coefficients: one small descent a ray."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..descent import Descent, steps_a_ray
from ..measured_pool import MeasuredPool
from ..pareto_set import ParetoSet
from ..rays import rays


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationCoefficients(Algorithm):
    """min over c of sum_i p_i L_i(base + sum_t c_t task_vector_t), for each ray p of a lattice.

    Each ray starts from the solution of the nearest ray solved before; the first from `initial`.
    All rays draw from one stream of batches.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
    """

    rays: int = 11
    steps: int = 200
    learning_rate: float = 3e-2
    batch_size: int = 16
    initial: float = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve ray after ray and measure every solution on validation."""
        m = len(view.tasks)
        lattice = rays(m, self.rays)
        descent = Descent(
            steps=steps_a_ray(view, len(lattice), self.steps, self.batch_size),
            learning_rate=self.learning_rate,
        )
        batches = view.batches(self.batch_size)
        pool = MeasuredPool(view, trainable_parameters=lattice.numel())
        solved: list[Tensor] = []
        for index, ray in enumerate(lattice):
            start = torch.full((m,), self.initial)
            if solved:
                start = solved[nearest(lattice[:index], ray)].clone()
            solved.append(_descend(view, ray, start, descent, batches))
            pool.measure(Coefficients(values=solved[-1]))
        return pool.answer()


def nearest(earlier: Tensor, ray: Tensor) -> int:
    """Index of the nearest of the earlier rays `(r, m)`; the first of equally near ones."""
    return int((earlier - ray).abs().sum(dim=1).argmin())


def _descend(
    view: ProblemView, ray: Tensor, start: Tensor, descent: Descent, batches: Iterator[Batch]
) -> Tensor:
    values = start.requires_grad_()

    def loss(batch: Batch) -> Tensor:
        return view.losses(view.merge(Coefficients(values=values)), batch) @ ray

    descent.run(view, [values], batches, loss)
    return values.detach()
