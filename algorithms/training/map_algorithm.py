"""Algorithms that train one map from preferences to models."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet
from .criterion import Criterion, CrossEntropy
from .decoder import Decoder, TrainedMap
from .descent import Descent, affordable
from .rays import draw
from .weighting import Linear, Weighting, weighted


@dataclass(frozen=True, kw_only=True)
class MapAlgorithm(Algorithm, ABC):
    """Train a decoder with one random preference a step; the answer is a continuous map.

    Subclasses say what is trained (`decoder`), and may say how tasks are weighed (`weighting`) and
    what is minimised (`criterion`). Every subclass names the four hyper-parameters here:

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        concentration: Of the Dirichlet distribution of training preferences.
    """

    steps: int = 4000
    learning_rate: float = 1e-2
    batch_size: int = 16
    concentration: float = 1.0

    criterion: ClassVar[Criterion] = CrossEntropy()
    weighting: ClassVar[Weighting] = Linear()

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """What is trained on this problem."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the decoder; the experts stay frozen."""
        decoder = self.decoder(view)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]

        def loss(batch: Batch) -> Tensor:
            preference = draw(len(view.tasks), self.concentration, generator)
            return weighted(
                view,
                decoder.decode(view.experts, parameters, preference),
                parameters,
                batch,
                preference=preference,
                weighting=self.weighting,
                criterion=self.criterion,
                generator=generator,
            )

        answer = partial(map_set, decoder, view, parameters)
        steps = affordable(view, self.steps, self.batch_size)
        Descent(steps=steps, learning_rate=self.learning_rate).run(
            view,
            parameters,
            view.batches(self.batch_size, labelled=self.criterion.labelled),
            loss,
            after_step=partial(view.milestone, answer),
        )
        return answer()


def map_set(decoder: Decoder, view: ProblemView, parameters: list[Tensor]) -> MapSet:
    """The map of a decoder with a copy of these parameters."""
    trained = TrainedMap.copy(decoder, view.experts, parameters)
    model_bytes = view.experts.pretrained.nbytes if decoder.needs == "model" else 0
    return MapSet(
        experts=view.experts,
        function=trained,
        trainable_parameters=trained.size,
        state_bytes=trained.nbytes + model_bytes,
        needs_experts=decoder.needs == "experts",
    )
