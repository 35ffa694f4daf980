"""Algorithms that train one model a ray."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.predictor import Predictor
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from .criterion import Criterion, CrossEntropy
from .decoder import Decoder
from .descent import Descent, steps_a_ray
from .measured_pool import MeasuredPool
from .rays import rays
from .weighting import Linear, Weighting, weighted


@dataclass(frozen=True, kw_only=True)
class RayAlgorithm(Algorithm, ABC):
    """Train a decoder anew for each ray of a lattice, and measure every model on validation.

    Subclasses say what is trained (`decoder`), and may say how tasks are weighed (`weighting`) and
    what is minimised (`criterion`). All rays draw from one stream of batches. Every subclass names
    the five hyper-parameters here:

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before, instead of
            where the first one does.
    """

    rays: int = 11
    steps: int = 200
    learning_rate: float = 3e-2
    batch_size: int = 16
    chained: bool = True

    criterion: ClassVar[Criterion] = CrossEntropy()
    weighting: ClassVar[Weighting] = Linear()

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """What is trained on this problem; it need not look at preferences."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve ray after ray."""
        decoder = self.decoder(view)
        lattice = rays(len(view.tasks), self.rays)
        start = decoder.start(view.experts, generator)
        descent = Descent(
            steps=steps_a_ray(view, len(lattice), self.steps, self.batch_size),
            learning_rate=self.learning_rate,
        )
        batches = view.batches(self.batch_size, labelled=self.criterion.labelled)
        size = sum(p.numel() for p in start)
        pool = MeasuredPool(view, trainable_parameters=len(lattice) * size)
        solved: list[list[Tensor]] = []
        for index, ray in enumerate(lattice):
            first = start
            if self.chained and solved:
                first = solved[nearest(lattice[:index], ray)]
            found = self._solve(view, decoder, first, ray, descent, batches, generator)
            solved += [found] if self.chained else []
            with torch.no_grad():
                point = decoder.decode(view.experts, found, ray)
            assert not isinstance(point, Predictor), "rays end in models"
            pool.measure(point)
        return pool.answer()

    def _solve(
        self,
        view: ProblemView,
        decoder: Decoder,
        start: list[Tensor],
        ray: Tensor,
        descent: Descent,
        batches: Iterator[Batch],
        generator: torch.Generator,
    ) -> list[Tensor]:
        parameters = [p.clone().requires_grad_() for p in start]

        def loss(batch: Batch) -> Tensor:
            return weighted(
                view,
                decoder.decode(view.experts, parameters, ray),
                parameters,
                batch,
                preference=ray,
                weighting=self.weighting,
                criterion=self.criterion,
                generator=generator,
            )

        descent.run(view, parameters, batches, loss)
        return [p.detach() for p in parameters]


def nearest(earlier: Tensor, ray: Tensor) -> int:
    """Index of the nearest of the earlier rays `(r, m)`; the first of equally near ones."""
    return int((earlier - ray).abs().sum(dim=1).argmin())
