"""Training of maps whose loss is more than that of one random preference a step."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.decoder import Decoder
from ..training.descent import Descent, affordable
from ..training.map_algorithm import map_set
from ..training.weighting import Linear, weighted

Loss = Callable[[Batch, float], Tensor]
"""From a batch, and the part of the training that is over, in [0, 1), to a loss."""


@final
@dataclass(frozen=True, kw_only=True)
class Training:
    """Gradient descent on a loss of one's own; the answer is the decoder's map.

    Args:
        steps: Most gradient steps.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        models: Models that a step evaluates on its batch.
        labelled: Whether the batches are.
    """

    steps: int
    learning_rate: float
    batch_size: int
    models: int = 1
    labelled: bool = True

    def run(
        self, view: ProblemView, decoder: Decoder, parameters: list[Tensor], loss: Loss
    ) -> ParetoSet:
        """Train the parameters, leaves with gradients, in place."""
        steps = affordable(view, self.steps, self.models * self.batch_size)
        done = count()
        answer = partial(map_set, decoder, view, parameters)
        Descent(steps=steps, learning_rate=self.learning_rate).run(
            view,
            parameters,
            view.batches(self.batch_size, labelled=self.labelled),
            lambda batch: loss(batch, next(done) / steps),
            after_step=partial(view.milestone, answer),
        )
        return answer()


def linear_loss(
    view: ProblemView,
    decoder: Decoder,
    parameters: list[Tensor],
    batch: Batch,
    preference: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """sum_i p_i L_i of the model that a decoder makes for a preference `(m,)`."""
    return weighted(
        view,
        decoder.decode(view.experts, parameters, preference),
        parameters,
        batch,
        preference=preference,
        weighting=Linear(),
        criterion=CrossEntropy(),
        generator=generator,
    )
