"""Linear scalarization over all weights: one model fine-tuned a ray."""

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
class LinearScalarizationFinetune(Algorithm):
    """min over theta of sum_i p_i L_i(theta), for each ray p of a lattice; all models are kept.

    All rays draw from one stream of batches.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 1e-4, 3e-4 and 1e-3 this
            was the best on validation of `digits-left-right` and `digits-mnist-neg180` at tier S.
        batch_size: Examples of each task a step.
        initial: Coefficient of every task vector at the start; 0 starts at the base model, as the
            baseline of the literature does, which uses no experts.
    """

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 3e-4
    batch_size: int = 16
    initial: float = 0.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Fine-tune model after model and measure each on validation."""
        lattice = rays(len(view.tasks), self.rays)
        descent = Descent(
            steps=steps_a_ray(view, len(lattice), self.steps, self.batch_size),
            learning_rate=self.learning_rate,
        )
        batches = view.batches(self.batch_size)
        size = view.experts.layout.size
        pool = MeasuredPool(view, trainable_parameters=len(lattice) * size)
        start = Coefficients(values=torch.full((len(view.tasks),), self.initial))
        for ray in lattice:
            pool.measure(_tune(view, ray, view.merge(start), descent, batches))
        return pool.answer()


def _tune(
    view: ProblemView, ray: Tensor, start: Tensor, descent: Descent, batches: Iterator[Batch]
) -> Tensor:
    params = start.requires_grad_()

    def loss(batch: Batch) -> Tensor:
        return view.losses(params, batch) @ ray

    descent.run(view, [params], batches, loss)
    return params.detach()
