"""Weightings: how much each task counts in a gradient step."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.predictor import Predictor
from ...problems.view import ProblemView
from ..pareto_set import Single
from .criterion import Criterion


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """What the weights of a step may depend on.

    Attributes:
        losses: `(m,)` losses of the batch, normalised where the weighting asks for it.
        preference: `(m,)`; p_i is the importance of task i.
        gradients: `(m, d)` gradient of each loss in the trainable parameters; None unless the
            weighting asks for them.
        generator: The run's.
    """

    losses: Tensor
    preference: Tensor
    gradients: Tensor | None
    generator: torch.Generator

    @property
    def gramian(self) -> Tensor:
        """`(m, m)` inner products of the gradients."""
        assert self.gradients is not None, "the weighting must set `needs_gradients`"
        return self.gradients @ self.gradients.T


class Weighting(ABC):
    """From losses, a preference and gradients to the weights `(m,)` of a step.

    The step follows sum_i w_i grad L_i. Scalarizations need losses only; solvers that look at
    conflict set `needs_gradients` and get all of them from one backward pass.
    """

    needs_gradients: ClassVar[bool] = False
    normalised: ClassVar[bool] = False
    """Whether losses are (L_i - expert's) / (base's - expert's), 0 at the expert, 1 at the base."""

    @abstractmethod
    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights of the losses that the step was given."""


def weighted(
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
    """A scalar whose gradient in `leaves` is that of the weighted losses; its value is their sum.

    Args:
        view: Charged for one forward and backward pass over the batch, whatever the weighting.
        point: The model, differentiable in the leaves.
        leaves: The trainable parameters.
        batch: Labelled if the criterion is.
        preference: `(m,)`.
        weighting: Of the tasks.
        criterion: What a loss is.
        generator: For weightings that draw.
    """
    low, high = criterion.scale(view) if weighting.normalised else (torch.zeros(()), torch.ones(()))

    def weights(losses: Tensor, gradients: Tensor | None) -> Tensor:
        step = Step(
            losses=(losses - low) / (high - low),
            preference=preference,
            gradients=None if gradients is None else gradients / (high - low).view(-1, 1),
            generator=generator,
        )
        found: Tensor = weighting(step) / (high - low)
        return found

    in_one_pass = not (view.task_by_task and isinstance(point, Coefficients))
    if in_one_pass and not weighting.needs_gradients:
        losses = criterion.values(view, point, batch)
        return losses @ weights(losses.detach(), None)
    assert not isinstance(point, Predictor), "only losses of a predictor are known, no Jacobian"
    losses, jacobian = criterion.jacobian(view, point, batch)
    variable = point.values if isinstance(point, Coefficients) else point
    pulled = pull_back(variable, jacobian, leaves) if weighting.needs_gradients else None
    w = weights(losses, pulled)
    surrogate = (variable * torch.tensordot(w, jacobian, dims=1)).sum()
    value: Tensor = surrogate + (w @ losses - surrogate).detach()
    return value


def pull_back(variable: Tensor, jacobian: Tensor, leaves: Sequence[Tensor]) -> Tensor:
    """`(m, d)` gradients in the leaves of functions with these gradients in `variable`.

    Args:
        variable: Differentiable in the leaves.
        jacobian: `(m, *variable.shape)`.
        leaves: d numbers in all; one that the variable does not depend on has gradient 0.
    """
    if len(leaves) == 1 and variable is leaves[0]:
        return jacobian.flatten(1)
    rows = []
    for row in jacobian:
        found = torch.autograd.grad(variable, leaves, row, retain_graph=True, allow_unused=True)
        pairs = zip(found, leaves, strict=True)
        rows.append(
            torch.cat([(torch.zeros_like(x) if g is None else g).flatten() for g, x in pairs])
        )
    return torch.stack(rows)
