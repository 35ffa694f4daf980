"""Linear scalarization with one model per ray, mixed for the preferences between rays."""

from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap
from ..training.criterion import CrossEntropy
from ..training.decoder import ConstantWeights
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.rays import inverse_distance_weights, rays
from ..training.tuned import BatchSize, Rays, WeightRate
from ..training.weightings import Linear


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationSoup(Algorithm):
    """Minimise sum_i p_i L_i over all weights for each ray, and interpolate weights between rays.

    Same as `ls-finetune-average`, but a map: models trained from the same start on similar losses
    can be averaged. Nothing is measured on validation, so that the whole budget is spent on
    training. Source of the averaging: Wortsman et al. 2022, Model soups, ICML.

    Args:
        rays: Maximum number of rays; the corners and the centre are always included. In validation
            on `digits-left-right` and `digits-mnist-neg180` 3 were better at 20,000 units, 5 at
            60,000, and 11 worse.
        steps: Gradient steps per ray; fewer if the budget, shared evenly, runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4 and 3e-4 by the same validation at 20,000 units.
        batch_size: Examples of each task per step.
    """

    rays: Rays = 5
    steps: CountOrZero = 8000
    learning_rate: WeightRate = 1e-4
    batch_size: BatchSize = 16

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve one ray at a time, each from the average."""
        lattice = rays(len(view.tasks), self.rays)
        steps = affordable(view, self.steps * len(lattice), self.batch_size) // len(lattice)
        training = RayTraining(
            decoder=ConstantWeights(initial=1 / len(view.experts)),
            criterion=CrossEntropy(),
            descent=Descent(steps=max(1, steps), learning_rate=self.learning_rate),
            weighting=Linear(),
        )
        batches = view.batches(self.batch_size)
        (start,) = training.decoder.start(view.experts, generator)
        solutions = start.new_empty(len(lattice), len(start))
        for index, ray in enumerate(lattice):
            weights = start.clone()
            training.train(view, [weights], ray, batches, generator)
            solutions[index] = weights
            view.milestone(partial(_map_set, view, lattice[: index + 1], solutions[: index + 1]))
        return _map_set(view, lattice, solutions)


def _map_set(view: ProblemView, lattice: Tensor, solutions: Tensor) -> MapSet:
    return MapSet(
        experts=view.experts,
        function=InterpolatedWeights(rays=lattice, solutions=solutions),
        trainable_parameters=solutions.numel(),
        state_bytes=lattice.nbytes + solutions.nbytes,
        needs_experts=False,
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class InterpolatedWeights(PreferenceMap):
    """All weights `(r, P)` of the models of `(r, m)` rays, interpolated by inverse distance."""

    rays: Tensor
    solutions: Tensor

    def __call__(self, preference: Tensor) -> Tensor:
        """`(P,)` parameters for a preference."""
        return inverse_distance_weights(self.rays, preference) @ self.solutions
