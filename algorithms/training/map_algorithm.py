"""Algorithms that train one map from preferences to models."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.base import Batch
from ...problems.view import ProblemView
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet
from .criterion import CRITERIA, Criterion
from .decoder import Decoder, TrainedMap
from .descent import Descent, affordable
from .rays import draw
from .tuned import BatchSize, Concentration, NetworkRate
from .weighting import Weighting, weighted
from .weightings import WEIGHTINGS

BatchLoss = Callable[[Batch, float], Tensor]
"""Maps a batch and the completed share of the training, in [0, 1), to the loss of a step."""


@dataclass(frozen=True, kw_only=True)
class MapAlgorithm(Algorithm, ABC):
    """Train a decoder with one random preference per step, which gives a continuous map.

    Subclasses define the decoder that is trained.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from; small values favour the corners.
    """

    steps: CountOrZero = 4000
    learning_rate: NetworkRate = 1e-2
    batch_size: BatchSize = 16
    concentration: Concentration = 1.0
    solver: str = bound("linear", among=WEIGHTINGS)
    loss: str = bound("cross-entropy", among=CRITERIA)

    @property
    def weighting(self) -> Weighting:
        """The rule that weights the losses of the tasks in a step."""
        return WEIGHTINGS[self.solver]

    @property
    def criterion(self) -> Criterion:
        """The quantity that is minimised."""
        return CRITERIA[self.loss]

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """Return the decoder that is trained on this problem."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the decoder; the experts stay frozen."""
        decoder = self.decoder(view)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]

        def loss(batch: Batch, progress: float) -> Tensor:
            preference = draw(len(view.tasks), self.concentration, generator)
            return preference_loss(
                view,
                decoder,
                parameters,
                batch,
                preference=preference,
                weighting=self.weighting,
                criterion=self.criterion,
                generator=generator,
            )

        training = MapTraining(
            steps=self.steps,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            labelled=self.criterion.labelled,
        )
        return training.run(view, decoder, parameters, loss)


@final
@dataclass(frozen=True, kw_only=True)
class MapTraining:
    """A training of the parameters of a map, on a loss that its algorithm defines.

    Args:
        steps: Maximum number of gradient steps.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step.
        models: Number of models that a step evaluates on its batch.
        labelled: Whether batches have labels.
    """

    steps: int
    learning_rate: float
    batch_size: int
    models: int = 1
    labelled: bool = True

    def run(
        self, view: ProblemView, decoder: Decoder, parameters: list[Tensor], loss: BatchLoss
    ) -> ParetoSet:
        """Train the parameters in place; they must be leaves that require gradients."""
        steps = affordable(view, self.steps, self.models * self.batch_size)
        # `Descent` does not number its steps: the loss counts how often it is called.
        done = count()
        current = partial(map_set, decoder, view, parameters)
        Descent(steps=steps, learning_rate=self.learning_rate).run(
            view,
            parameters,
            view.batches(self.batch_size, labelled=self.labelled),
            lambda batch: loss(batch, next(done) / steps),
            after_step=partial(view.milestone, current),
            diagnostics=partial(decoder.diagnostics, parameters),
        )
        return current()


def preference_loss(
    view: ProblemView,
    decoder: Decoder,
    parameters: list[Tensor],
    batch: Batch,
    *,
    preference: Tensor,
    weighting: Weighting,
    criterion: Criterion,
    generator: torch.Generator,
) -> Tensor:
    """Return the weighted loss of the model that a decoder makes for a preference `(m,)`."""
    return weighted(
        view,
        decoder.decode(view.experts, parameters, preference),
        parameters,
        batch,
        preference=preference,
        weighting=weighting,
        criterion=criterion,
        generator=generator,
    )


def map_set(decoder: Decoder, view: ProblemView, parameters: list[Tensor]) -> MapSet:
    """Return the map of a decoder with a copy of the given parameters."""
    trained = TrainedMap.copy(decoder, view.experts, parameters)
    model_bytes = view.experts.pretrained.nbytes if decoder.needs == "model" else 0
    return MapSet(
        experts=view.experts,
        function=trained,
        trainable_parameters=trained.size,
        state_bytes=trained.nbytes + model_bytes,
        needs_experts=decoder.needs == "experts",
    )
