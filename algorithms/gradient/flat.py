"""Solvers that seek flat regions: task-based sharpness-aware minimisation over all weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, final

import torch
from torch import Tensor

from ...domains import CountOrZero, PositiveFloat
from ...problems import outputs
from ...problems.base import Batch
from ...problems.view import ProblemView
from ...ranges import LogRange
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ParetoSet, Single
from ..training.criterion import Criterion, CrossEntropy
from ..training.decoder import ConstantWeights
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.tuned import BatchSize, WeightRate
from ..training.weighting import Step, Weighting, with_gradient
from .descents import BALANCED

_PASSES: Final = 2
"""Forward and backward passes of every example in a step: at the model and at its worst case."""


@final
@dataclass(frozen=True, kw_only=True)
class FlatBalancedFinetune(Algorithm):
    """One balanced model in a region that is flat for every task, over all weights.

    Task i has its own worst case, the model plus rho grad L_i / |grad L_i|. The gradient there is
    split into the gradient at the model and a rest that lowers the sharpness; the solver combines
    the gradients and, separately, the rests, and the step follows the sum of both combinations.
    A step costs two passes per example, so that a budget pays for half as many. It starts from the
    mean of the experts. Source: Phan et al. 2022, Improving multi-task learning via seeking
    task-based flat regions, algorithm 1.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step.
        rho: Distance from the model to the worst case of every task.
    """

    steps: CountOrZero = 8000
    learning_rate: WeightRate = 1e-4
    batch_size: BatchSize = 16
    rho: Annotated[PositiveFloat, LogRange(low=0.005, high=0.5)] = 0.05
    solver: str = bound(among=BALANCED)

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend along the solver's steps."""
        training = RayTraining(
            decoder=ConstantWeights(initial=1 / len(view.tasks)),
            criterion=CrossEntropy(),
            descent=Descent(
                steps=affordable(view, self.steps, _PASSES * self.batch_size),
                learning_rate=self.learning_rate,
            ),
            weighting=BALANCED[self.solver],
            loss=FlatLoss(rho=self.rho),
        )
        return training.run(view, view.batches(self.batch_size), generator)


@final
@dataclass(frozen=True, kw_only=True)
class FlatLoss:
    """The loss of a step whose gradient also lowers the sharpness of every task.

    Args:
        rho: Distance from the model to the worst case of every task.
    """

    rho: float

    def __call__(
        self,
        view: ProblemView,
        point: Single,
        leaves: Sequence[Tensor],
        batch: Batch,
        *,
        preference: Tensor,
        weighting: Weighting,
        criterion: Criterion,
        generator: torch.Generator,
    ) -> Tensor:
        """Return a scalar with the weighted losses as its value and the step as its gradient."""
        assert isinstance(point, Tensor), "flat regions are sought over all weights"
        losses, gradients = criterion.jacobian(view, point, batch)
        rests = worst_case_gradients(view, point.detach(), batch, gradients, self.rho) - gradients

        def weights(of: Tensor) -> Tensor:
            return weighting(
                Step(losses=losses, preference=preference, gradients=of, generator=generator)
            )

        w = weights(gradients)
        return with_gradient(point, w @ gradients + weights(rests) @ rests, w @ losses)


def worst_case_gradients(
    view: ProblemView, params: Tensor, batch: Batch, gradients: Tensor, rho: float
) -> Tensor:
    """Return the `(m, P)` gradient of each loss at the worst case of its task.

    Args:
        view: Charged for one forward and backward pass of the examples of each task.
        params: `(P,)`.
        batch: A labelled batch.
        gradients: `(m, P)` at the parameters; where one is 0, the worst case is the model itself.
        rho: Distance to the worst case.
    """
    rows = []
    for task, direction in enumerate(torch.nn.functional.normalize(gradients, dim=1, eps=1e-12)):
        worst = (params + rho * direction).requires_grad_()
        logits = view.logits(worst, batch, task)
        loss = outputs.cross_entropies([logits], batch, [task]).sum()
        rows += torch.autograd.grad(loss, worst)
    return torch.stack(rows)
