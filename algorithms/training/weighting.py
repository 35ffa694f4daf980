"""Weightings: how much each task counts in a gradient step, and the loss that has that gradient."""

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
    """The quantities that the weights of a step may depend on.

    Attributes:
        losses: `(m,)` losses of the batch, normalised if the weighting asks for it.
        preference: `(m,)`; p_i is the importance of task i.
        gradients: `(m, d)` gradient of each loss in the trainable parameters; None unless the
            weighting asks for them.
        generator: The random generator of the run.
    """

    losses: Tensor
    preference: Tensor
    gradients: Tensor | None
    generator: torch.Generator

    @property
    def gramian(self) -> Tensor:
        """Return the `(m, m)` inner products of the gradients."""
        assert self.gradients is not None, "the weighting must set `needs_gradients`"
        return self.gradients @ self.gradients.T


class Weighting(ABC):
    """A rule that gives the weights `(m,)` of a step from losses, a preference and gradients.

    The step follows sum_i w_i grad L_i. Scalarizations need only the losses; solvers that resolve
    conflicts set `needs_gradients`, and get all gradients from one backward pass.
    """

    needs_gradients: ClassVar[bool] = False
    normalised: ClassVar[bool] = False
    """True if losses are normalised: 0 at the expert, 1 at the pretrained model."""

    @abstractmethod
    def __call__(self, step: Step) -> Tensor:
        """Return the `(m,)` weights of the losses in the step."""


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
    """Return a scalar whose value and gradient in `leaves` are those of the weighted losses.

    Args:
        view: Charged for one forward and backward pass over the batch, with every weighting.
        point: The model, differentiable in the leaves.
        leaves: The trainable parameters.
        batch: Labelled if the criterion is.
        preference: `(m,)`.
        weighting: How the tasks are weighted.
        criterion: What is minimised.
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

    # For a large network the Jacobian in the coefficients is taken task by task, which keeps the
    # activations of one task at a time and costs the same.
    in_one_pass = not (view.task_by_task and isinstance(point, Coefficients))
    if in_one_pass and not weighting.needs_gradients:
        losses = criterion.values(view, point, batch)
        # The weights are constants of the step: the gradient must not flow through them.
        return losses @ weights(losses.detach(), None)
    assert not isinstance(point, Predictor), "only losses of a predictor are known, no Jacobian"
    losses, jacobian = criterion.jacobian(view, point, batch)
    variable = point.values if isinstance(point, Coefficients) else point
    pulled = pull_back(variable, jacobian, leaves) if weighting.needs_gradients else None
    w = weights(losses, pulled)
    # The gradients are known already, so a second backward pass through the model would only cost
    # time.
    return with_gradient(variable, torch.tensordot(w, jacobian, dims=1), w @ losses)


def with_gradient(variable: Tensor, gradient: Tensor, value: Tensor) -> Tensor:
    """Return a scalar that has this value, and this gradient in the variable.

    It is a linear function of the variable plus a constant.
    """
    linear = (variable * gradient).sum()
    return linear + (value - linear).detach()


def pull_back(variable: Tensor, jacobian: Tensor, leaves: Sequence[Tensor]) -> Tensor:
    """Return `(m, d)` gradients in the leaves, given the gradients in `variable`: the chain rule.

    Args:
        variable: Differentiable in the leaves.
        jacobian: `(m, *variable.shape)`.
        leaves: Tensors of d numbers in total; those that the variable does not depend on get
            gradient 0.
    """
    if len(leaves) == 1 and variable is leaves[0]:
        return jacobian.flatten(1)
    rows = []
    for row in jacobian:
        # The graph from the leaves to `variable` is used by every row, and by the backward pass of
        # the surrogate afterwards.
        found = torch.autograd.grad(variable, leaves, row, retain_graph=True, allow_unused=True)
        pairs = zip(found, leaves, strict=True)
        rows.append(
            torch.cat([(torch.zeros_like(x) if g is None else g).flatten() for g, x in pairs])
        )
    return torch.stack(rows)
