"""Pareto low-rank adapters: a main model and adapters, on preferences that spread with time."""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.map_algorithm import MapTraining, preference_loss
from ..training.rays import rays
from ..training.weightings import Linear
from .adapters import TaskAdapters

_LEAST_IMPORTANCE: Final = 1e-3


@final
@dataclass(frozen=True, kw_only=True)
class ParetoLowRankAdapters(Algorithm):
    """W_l(p) = main_l + (1 / rank) sum_i p_i B_{l,i} A_{l,i}, trained on sum_i p_i L_i (PaLoRA).

    Training preferences are not drawn: step after step takes the next ray of a lattice, raised to
    the power `spread` times the part of the training that is over and normalised. They start all at
    the centre, for what tasks share, and spread to the corners. Nothing is frozen and adapters are
    not kept apart, unlike in `lorpman`. Source: Dimitriadis et al. 2025, Pareto low-rank adapters,
    ICLR. It starts at task arithmetic and adapters that approximate the experts, instead of at
    random weights, and takes one ray a step where the paper takes all on one batch. Its adapters
    learn m times as fast as the main model, as in the released code.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam for the main model, falling to a tenth of it along a cosine. Of 1e-4
            and 3e-4 this was better on validation of `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units.
        batch_size: Examples of each task a step.
        rays: Most rays of the lattice.
        spread: Power of the rays at the end; 1 is the lattice itself.
        initial: Every coefficient of the merge that the main model starts at.
        rank: Of each adapter; 8 was better than 4 on the same validation.
    """

    steps: int = 4000
    learning_rate: float = 1e-4
    batch_size: int = 16
    rays: int = 11
    spread: float = 2.0
    initial: float = 0.3
    rank: int = 8

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train main model and adapters; the experts are not needed afterwards."""
        decoder = TaskAdapters(
            initial=self.initial, rank=self.rank, scale=1 / self.rank, gain=len(view.tasks)
        )
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]
        turns = Turns(rays(len(view.tasks), self.rays), self.spread)

        def loss(batch: Batch, progress: float) -> Tensor:
            preference = turns.next(progress)
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

        training = MapTraining(
            steps=self.steps, learning_rate=self.learning_rate, batch_size=self.batch_size
        )
        return training.run(view, decoder, parameters, loss)


@final
class Turns:
    """Rays `(r, m)` taken in turn, at the centre at first and spread with time."""

    def __init__(self, lattice: Tensor, spread: float) -> None:
        self._lattice = lattice.clamp_min(_LEAST_IMPORTANCE)
        self._spread = spread
        self._taken = 0

    def next(self, progress: float) -> Tensor:
        """The next preference `(m,)`, for a training of which this part, in [0, 1], is over."""
        ray = self._lattice[self._taken % len(self._lattice)]
        self._taken += 1
        powered = ray ** (self._spread * progress)
        return powered / powered.sum()
