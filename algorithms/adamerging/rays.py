"""AdaMerging for preferences: weighted entropies, one descent a ray, interpolated between rays."""

from dataclasses import dataclass
from functools import partial
from typing import Final, final

import torch
from torch import Tensor

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, Recipe
from ..training.constant import Training
from ..training.criterion import NormalisedEntropy
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable
from ..training.rays import rays
from ..training.weighting import Linear

_POWER: Final = 4


@final
@dataclass(frozen=True, kw_only=True)
class AdaMergingRays(Algorithm):
    """min over tensor-wise c in [0, 1] of sum_i p_i H_i(c) / log C_i, for each ray of a lattice.

    H_i is the mean entropy of task i's predictions over its C_i classes. Without labels no model
    can be measured, so a preference between the rays is answered by interpolated coefficients.
    Every ray starts anew: from a neighbour's solution, validation of `digits-left-right` and
    `digits-mnist-neg180` was worse, for entropy also falls where a task is given up for good.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. 0.003 was worse on both.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start of a ray.
    """

    rays: int = 11
    steps: int = 200
    learning_rate: float = 1e-2
    batch_size: int = 16
    initial: float = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve ray after ray."""
        lattice = rays(len(view.tasks), self.rays)
        steps = affordable(view, self.steps * len(lattice), self.batch_size) // len(lattice)
        training = Training(
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
            view.milestone(partial(_answer, view, lattice[: index + 1], torch.stack(solved)))
        return _answer(view, lattice, torch.stack(solved))


def _answer(view: ProblemView, lattice: Tensor, solutions: Tensor) -> MapSet:
    return MapSet(
        experts=view.experts,
        function=Interpolated(rays=lattice, solutions=solutions),
        trainable_parameters=solutions.numel(),
        state_bytes=lattice.nbytes + solutions.nbytes,
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Interpolated(Recipe):
    """Tensor-wise coefficients `(r, G, m)` of `(r, m)` rays, and in between by inverse distance."""

    rays: Tensor
    solutions: Tensor

    def __call__(self, preference: Tensor) -> Coefficients:
        """The coefficients for a preference."""
        weights = inverse_distance_weights(self.rays, preference)
        return Coefficients(values=torch.tensordot(weights, self.solutions, dims=1), space="tensor")


def inverse_distance_weights(points: Tensor, query: Tensor) -> Tensor:
    """`(r,)` weights that sum to 1, in proportion to distance^-4 from `(r, m)` points to `(m,)`.

    All weight is on a point that is the query. Source: Shepard 1968, ACM National Conference.

    >>> inverse_distance_weights(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0.5, 0.5]))
    tensor([0.5000, 0.5000])
    """
    distance = (points - query).norm(dim=1).clamp_min(1e-6)
    return torch.softmax(-_POWER * torch.log(distance), dim=0)
