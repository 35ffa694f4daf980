"""AdaMerging for preferences: one descent per ray on weighted entropies, then interpolation."""

from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap
from ..training.criterion import NormalisedEntropy
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.rays import inverse_distance_weights, rays
from ..training.tuned import BatchSize, CoefficientRate, Initial, Rays
from ..training.weightings import Linear


@final
@dataclass(frozen=True, kw_only=True)
class AdaMergingRays(Algorithm):
    """min over tensor-wise c in [0, 1] of sum_i p_i H_i(c) / log C_i, for each ray of a lattice.

    H_i is the mean entropy of task i's predictions over its C_i classes. Without labels no model
    can be measured and selected, so coefficients are interpolated between rays. Every ray starts
    from the same point: starting from a neighbour's solution was worse in validation on
    `digits-left-right` and `digits-mnist-neg180`, because entropy also falls where a task has been
    given up.

    Args:
        rays: Maximum number of rays; the corners and the centre are always included.
        steps: Gradient steps per ray; fewer if the budget, shared evenly, runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. 0.003
            was worse on both.
        batch_size: Examples of each task per step.
        initial: Initial value of every coefficient of a ray.
    """

    rays: Rays = 11
    steps: CountOrZero = 200
    learning_rate: CoefficientRate = 1e-2
    batch_size: BatchSize = 16
    initial: Initial = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve one ray at a time."""
        lattice = rays(len(view.tasks), self.rays)
        steps = affordable(view, self.steps * len(lattice), self.batch_size) // len(lattice)
        training = RayTraining(
            decoder=ConstantCoefficients(space="tensor", initial=self.initial),
            criterion=NormalisedEntropy(),
            descent=Descent(steps=max(1, steps), learning_rate=self.learning_rate),
            weighting=Linear(),
            bounds=(0.0, 1.0),
        )
        batches = view.batches(self.batch_size, labelled=False)
        (start,) = training.decoder.start(view.experts, generator)
        solved: list[Tensor] = []
        for index, ray in enumerate(lattice):
            values = start.clone()
            training.train(view, [values], ray, batches, generator)
            solved.append(values)
            view.milestone(partial(_map_set, view, lattice[: index + 1], torch.stack(solved)))
        return _map_set(view, lattice, torch.stack(solved))


def _map_set(view: ProblemView, lattice: Tensor, solutions: Tensor) -> MapSet:
    return MapSet(
        experts=view.experts,
        function=Interpolated(rays=lattice, solutions=solutions),
        trainable_parameters=solutions.numel(),
        state_bytes=lattice.nbytes + solutions.nbytes,
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Interpolated(PreferenceMap):
    """Tensor-wise coefficients `(r, G, m)` of `(r, m)` rays, interpolated by inverse distance."""

    rays: Tensor
    solutions: Tensor

    def __call__(self, preference: Tensor) -> Coefficients:
        """The coefficients for a preference."""
        weights = inverse_distance_weights(self.rays, preference)
        return Coefficients(values=torch.tensordot(weights, self.solutions, dims=1), space="tensor")
