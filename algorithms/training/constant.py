"""Training of one model that answers every preference."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..pareto_set import ConstantSet
from .criterion import Criterion
from .decoder import Decoder, TrainedMap
from .descent import Descent
from .weighting import Step, Weighting, weighted


@final
class Equal(Weighting):
    """sum_i L_i: every weight is 1."""

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` ones."""
        return torch.ones_like(step.losses)


EQUAL: Final = Equal()


@final
@dataclass(frozen=True, kw_only=True)
class Training:
    """A decoder trained for one preference, with its parameters in a range if need be.

    Args:
        decoder: What is trained.
        criterion: What is minimised.
        descent: Steps and learning rate.
        weighting: Of the tasks.
        bounds: Range that every parameter is put back into after each step.
    """

    decoder: Decoder
    criterion: Criterion
    descent: Descent
    weighting: Weighting = EQUAL
    bounds: tuple[float, float] | None = None

    def run(
        self, view: ProblemView, batches: Iterator[Batch], generator: torch.Generator
    ) -> ConstantSet:
        """Train for the preference 1 / m; the answer so far is kept at every step."""
        parameters = self.decoder.start(view.experts, generator)
        preference = torch.full((len(view.tasks),), 1 / len(view.tasks))

        def answer() -> ConstantSet:
            trained = TrainedMap.copy(self.decoder, view.experts, parameters)
            return ConstantSet(
                experts=view.experts,
                answer=trained(preference),
                trainable_parameters=trained.size,
            )

        def keep() -> None:
            view.milestone(answer)

        self.train(view, parameters, preference, batches, generator, after_step=keep)
        return answer()

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
        """Train parameters in place for a preference `(m,)`; they are left without gradients."""

        def loss(batch: Batch) -> Tensor:
            return weighted(
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
                with torch.no_grad():
                    for parameter in parameters:
                        parameter.clamp_(*self.bounds)
            after_step()

        for parameter in parameters:
            parameter.requires_grad_()
        self.descent.run(view, parameters, batches, loss, after_step=bound)
        for parameter in parameters:
            parameter.requires_grad_(False)
