"""Algorithms that train one model per ray."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.predictor import Predictor
from ...problems.view import ProblemView
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ParetoSet
from .criterion import CrossEntropy
from .decoder import ConstantCoefficients, ConstantWeights, Decoder
from .descent import Descent, steps_per_ray
from .measured_pool import MeasuredPool
from .ray_training import RayTraining
from .rays import rays
from .tuned import BatchSize, CoefficientRate, Initial, Rays, WeightRate
from .weighting import Weighting
from .weightings import WEIGHTINGS


@dataclass(frozen=True, kw_only=True)
class RayAlgorithm(Algorithm, ABC):
    """Train a separate decoder for each ray of a lattice, and measure every model on validation.

    Subclasses define the decoder that is trained. All rays draw from one stream of batches.

    Args:
        rays: Maximum number of rays; the corners and the centre are always included.
        steps: Gradient steps per ray; fewer if the budget, shared evenly, runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step.
        chained: Whether a ray starts from the solution of the nearest ray solved before, instead of
            from the common start.
    """

    rays: Rays = 11
    steps: CountOrZero = 200
    learning_rate: CoefficientRate = 3e-2
    batch_size: BatchSize = 16
    chained: bool = True
    solver: str = bound("linear", among=WEIGHTINGS)

    @property
    def weighting(self) -> Weighting:
        """The rule that weights the losses of the tasks in a step."""
        return WEIGHTINGS[self.solver]

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """Return the decoder that is trained on this problem; it may ignore preferences."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve one ray at a time."""
        decoder = self.decoder(view)
        lattice = rays(len(view.tasks), self.rays)
        start = decoder.start(view.experts, generator)
        training = RayTraining(
            decoder=decoder,
            criterion=CrossEntropy(),
            descent=Descent(
                steps=steps_per_ray(view, len(lattice), self.steps, self.batch_size),
                learning_rate=self.learning_rate,
            ),
            weighting=self.weighting,
        )
        batches = view.batches(self.batch_size)
        size = sum(p.numel() for p in start)
        pool = MeasuredPool(view, trainable_parameters=len(lattice) * size)
        solved: list[list[Tensor]] = []
        for index, ray in enumerate(lattice):
            first = start
            if self.chained and solved:
                first = solved[nearest(lattice[:index], ray)]
            parameters = [p.clone() for p in first]
            training.train(view, parameters, ray, batches, generator)
            # Solutions of all weights are large: they are kept only if a later ray starts there.
            solved += [parameters] if self.chained else []
            point = decoder.decode(view.experts, parameters, ray)
            assert not isinstance(point, Predictor), "rays end in models"
            pool.measure(point)
        return pool.pareto_set()


@dataclass(frozen=True, kw_only=True)
class RayCoefficients(RayAlgorithm, ABC):
    """Train one merging coefficient per task, for each ray of a lattice.

    Args:
        initial: Initial value of every coefficient of the first ray.
    """

    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one coefficient per task."""
        return ConstantCoefficients(initial=self.initial)


@dataclass(frozen=True, kw_only=True)
class RayFinetune(RayAlgorithm, ABC):
    """Train all weights for each ray of a lattice, from the mean of the experts.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4 and 3e-4 by validation on `digits-left-right` and `digits-mnist-neg180`.
    """

    rays: Rays = 5
    steps: CountOrZero = 8000
    learning_rate: WeightRate = 1e-4
    chained: bool = False

    def decoder(self, view: ProblemView) -> Decoder:
        """Return all weights."""
        return ConstantWeights(initial=1 / len(view.tasks))


def nearest(earlier: Tensor, ray: Tensor) -> int:
    """Return the index of the nearest of the rays `(r, m)`, the first one in a tie."""
    return int((earlier - ray).abs().sum(dim=1).argmin())
