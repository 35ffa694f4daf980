"""Pareto sets in a main model and one low-rank adapter per task: LORPMAN and PaLoRA."""

from dataclasses import dataclass
from typing import Annotated, Final, final

import torch
from annotated_types import Interval
from torch import Tensor

from ...domains import CountOrZero, Fraction, NonNegativeFloat, PositiveFloat
from ...problems.base import Batch
from ...problems.view import ProblemView
from ...ranges import LinearRange, LogRange
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.map_algorithm import MapTraining, preference_loss
from ..training.rays import draw, rays
from ..training.tuned import BatchSize, Concentration, Initial, Rank, Rays, WeightRate
from ..training.weightings import Linear
from .adapters import TaskAdapters, overlap

_COMPARED_TASKS: Final = 3
"""The cost of the overlaps grows with the square of this number."""
_LEAST_IMPORTANCE: Final = 1e-3
"""An entry of 0 would stay 0 for any power, and the ray would not start at the centre."""


@final
@dataclass(frozen=True, kw_only=True)
class LowRankParetoManifold(Algorithm):
    """W_l(p) = main_l + scale sum_i p_i B_{l,i} A_{l,i}, trained on sum_i p_i L_i (LORPMAN).

    After the fraction `frozen` of the steps, the main model is frozen and only the adapters are
    trained. The mean over matrices of the squared cosines between adapters of different tasks is
    added with the weight `orthogonality`; of more than three tasks, three are drawn per step.
    Source: Chen and Kwok 2024, Efficient Pareto manifold learning with low-rank structure, ICML.
    Training starts at task arithmetic and adapters that approximate the experts instead of at
    random weights, and the penalty on the order of several forward passes is omitted.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-4, 3e-4 and 1e-3 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 20,000 units.
        batch_size: Examples of each task per step.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from; small values favour the corners.
        initial: Every coefficient of the merge that the main model starts at.
        rank: Rank of each adapter; 8 was better than 4 in the same validation.
        scale: Scale of all adapters.
        frozen: Fraction of the steps after which the main model is frozen.
        orthogonality: Weight of the squared cosines.
    """

    steps: CountOrZero = 4000
    learning_rate: WeightRate = 1e-4
    batch_size: BatchSize = 16
    concentration: Concentration = 1.0
    initial: Initial = 0.3
    rank: Rank = 8
    scale: Annotated[PositiveFloat, LogRange(low=0.25, high=4.0)] = 1.0
    frozen: Annotated[Fraction, LinearRange(low=0.0, high=1.0)] = 0.8
    orthogonality: Annotated[NonNegativeFloat, LogRange(low=1e-2, high=10.0)] = 0.1

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train main model and adapters; the experts are not needed afterwards."""
        decoder = TaskAdapters(initial=self.initial, rank=self.rank, scale=self.scale)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]
        m = len(view.tasks)

        def loss(batch: Batch, progress: float) -> Tensor:
            # `zero_grad` sets gradients to None, and Adam skips such parameters: main no longer
            # moves.
            parameters[0].requires_grad_(progress < self.frozen)
            preference = draw(m, self.concentration, generator)
            value = linear_loss(view, decoder, parameters, batch, preference, generator)
            compared = torch.randperm(m, generator=generator)[:_COMPARED_TASKS].tolist()
            return value + self.orthogonality * mean_overlap(parameters[1:], compared)

        training = MapTraining(
            steps=self.steps, learning_rate=self.learning_rate, batch_size=self.batch_size
        )
        return training.run(view, decoder, parameters, loss)


def mean_overlap(factors: list[Tensor], tasks: list[int]) -> Tensor:
    """Return the mean of `overlap` over matrices; `factors` alternates between B and A."""
    pairs = zip(factors[::2], factors[1::2], strict=True)
    return torch.stack([overlap(b, a, tasks) for b, a in pairs]).mean()


@final
@dataclass(frozen=True, kw_only=True)
class ParetoLowRankAdapters(Algorithm):
    """W_l(p) = main_l + (1 / rank) sum_i p_i B_{l,i} A_{l,i}, trained on sum_i p_i L_i (PaLoRA).

    Training preferences are not drawn: every step takes the next ray of a lattice, raised to the
    power `spread` times the completed fraction of the training, and normalised. They all start at
    the centre, where the tasks share most, and spread to the corners. Unlike in `lorpman`, nothing
    is frozen and adapters need not be orthogonal. Source: Dimitriadis et al. 2025, Pareto low-rank
    adapters, ICLR. Training starts at task arithmetic and adapters that approximate the experts
    instead of at random weights, and each step takes one ray, where the paper takes all rays on one
    batch. Its adapters learn m times as fast as the main model, as in the released code.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam for the main model; a cosine schedule lowers it
            to a tenth. Chosen from 1e-4 and 3e-4 by validation on `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units.
        batch_size: Examples of each task per step.
        rays: Maximum number of rays of the lattice.
        spread: Power of the rays at the end; 1 is the lattice itself.
        initial: Every coefficient of the merge that the main model starts at.
        rank: Rank of each adapter; 8 was better than 4 in the same validation.
    """

    steps: CountOrZero = 4000
    learning_rate: WeightRate = 1e-4
    batch_size: BatchSize = 16
    rays: Rays = 11
    # Beyond 20, the powers of all entries of a ray of many tasks underflow to 0.
    spread: Annotated[float, Interval(ge=0, le=20), LinearRange(low=0.0, high=10.0)] = 2.0
    initial: Initial = 0.3
    rank: Rank = 8

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train main model and adapters; the experts are not needed afterwards."""
        decoder = TaskAdapters(
            initial=self.initial, rank=self.rank, scale=1 / self.rank, gain=len(view.tasks)
        )
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]
        turns = Turns(rays(len(view.tasks), self.rays), self.spread)

        def loss(batch: Batch, progress: float) -> Tensor:
            preference = turns.next(progress)
            return linear_loss(view, decoder, parameters, batch, preference, generator)

        training = MapTraining(
            steps=self.steps, learning_rate=self.learning_rate, batch_size=self.batch_size
        )
        return training.run(view, decoder, parameters, loss)


@final
class Turns:
    """Rays `(r, m)` taken in turn, which start at the centre and spread over time."""

    def __init__(self, lattice: Tensor, spread: float) -> None:
        self._lattice = lattice.clamp_min(_LEAST_IMPORTANCE)
        self._spread = spread
        self._taken = 0

    def next(self, progress: float) -> Tensor:
        """Return the next preference `(m,)`, given the completed fraction of the training."""
        ray = self._lattice[self._taken % len(self._lattice)]
        self._taken += 1
        powered = ray ** (self._spread * progress)
        return powered / powered.sum()


def linear_loss(
    view: ProblemView,
    decoder: TaskAdapters,
    parameters: list[Tensor],
    batch: Batch,
    preference: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Return sum_i p_i L_i of the model for a preference `(m,)`."""
    return preference_loss(
        view,
        decoder,
        parameters,
        batch,
        preference=preference,
        weighting=Linear(),
        criterion=CrossEntropy(),
        generator=generator,
    )
