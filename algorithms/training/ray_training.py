"""Training of one model for one preference."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..pareto_set import ConstantSet, Single
from .criterion import Criterion
from .decoder import Decoder, TrainedMap
from .descent import Descent
from .weighting import Weighting, weighted
from .weightings import Equal

EQUAL: Final = Equal()


class StepLoss(Protocol):
    """The loss of a step, with the arguments of `weighted`."""

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
        """Return a scalar whose gradient in the leaves is the direction of the step."""


@final
@dataclass(frozen=True, kw_only=True)
class RayTraining:
    """A training of a decoder for one preference.

    Args:
        decoder: What is trained.
        criterion: What is minimised.
        descent: Steps and learning rate.
        weighting: How the tasks are weighted.
        bounds: Range that every parameter is clamped to after each step.
        loss: How the gradient of a step is made from the losses and their weights.
    """

    decoder: Decoder
    criterion: Criterion
    descent: Descent
    weighting: Weighting = EQUAL
    bounds: tuple[float, float] | None = None
    loss: StepLoss = weighted

    def run(
        self, view: ProblemView, batches: Iterator[Batch], generator: torch.Generator
    ) -> ConstantSet:
        """Train one model for all preferences, with the preference 1 / m.

        After every step the current model is the Pareto set that an exhausted budget ends in.
        """
        parameters = self.decoder.start(view.experts, generator)
        preference = torch.full((len(view.tasks),), 1 / len(view.tasks))

        def current() -> ConstantSet:
            trained = TrainedMap.copy(self.decoder, view.experts, parameters)
            return ConstantSet(
                experts=view.experts,
                constant=trained(preference),
                trainable_parameters=trained.size,
            )

        def keep() -> None:
            view.milestone(current)

        self.train(view, parameters, preference, batches, generator, after_step=keep)
        return current()

    def train(
        self,
        view: ProblemView,
        parameters: Sequence[Tensor],
        preference: Tensor,
        batches: Iterator[Batch],
        generator: torch.Generator,
        *,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        """Train parameters in place for a preference `(m,)`; leaves them without gradients."""

        def loss(batch: Batch) -> Tensor:
            return self.loss(
                view,
                self.decoder.decode(view.experts, parameters, preference),
                parameters,
                batch,
                preference=preference,
                weighting=self.weighting,
                criterion=self.criterion,
                generator=generator,
            )

        def bound() -> None:
            if self.bounds is not None:
                # Autograd refuses changes in place of leaves that require gradients.
                with torch.no_grad():
                    for parameter in parameters:
                        parameter.clamp_(*self.bounds)
            after_step()

        for parameter in parameters:
            parameter.requires_grad_()
        self.descent.run(view, parameters, batches, loss, after_step=bound)
        for parameter in parameters:
            parameter.requires_grad_(False)
