"""Low-rank Pareto manifold learning: a main model, orthogonal adapters, two phases."""

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
from ..training.rays import draw
from ..training.weightings import Linear
from .adapters import TaskAdapters, overlap

_COMPARED_TASKS: Final = 3


@final
@dataclass(frozen=True, kw_only=True)
class LowRankParetoManifold(Algorithm):
    """W_l(p) = main_l + scale sum_i p_i B_{l,i} A_{l,i}, trained on sum_i p_i L_i (LORPMAN).

    After the part `frozen` of the steps the main model stands still and the adapters go on.
    `orthogonality` times the mean over matrices of the squared cosines between the adapters of
    different tasks is added; of more than three tasks, three are drawn each step. Source: Chen and
    Kwok 2024, Efficient Pareto manifold learning with low-rank structure, ICML. It starts at task
    arithmetic and adapters that approximate the experts, instead of at random weights, and its
    penalty on the order of several forward passes is left out.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 1e-4, 3e-4 and 1e-3 this
            was the best on validation of `digits-left-right` and `digits-mnist-neg180` at 20,000
            units.
        batch_size: Examples of each task a step.
        concentration: Of the Dirichlet distribution of training preferences.
        initial: Every coefficient of the merge that the main model starts at.
        rank: Of each adapter; 8 was better than 4 on the same validation.
        scale: Of all adapters.
        frozen: The part of the steps after which the main model stands still.
        orthogonality: Weight of the cosines.
    """

    steps: int = 4000
    learning_rate: float = 1e-4
    batch_size: int = 16
    concentration: float = 1.0
    initial: float = 0.3
    rank: int = 8
    scale: float = 1.0
    frozen: float = 0.8
    orthogonality: float = 0.1

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train main model and adapters; the experts are not needed afterwards."""
        decoder = TaskAdapters(initial=self.initial, rank=self.rank, scale=self.scale)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]
        m = len(view.tasks)

        def loss(batch: Batch, progress: float) -> Tensor:
            parameters[0].requires_grad_(progress < self.frozen)
            preference = draw(m, self.concentration, generator)
            value = preference_loss(
                view,
                decoder,
                parameters,
                batch,
                preference=preference,
                weighting=Linear(),
                criterion=CrossEntropy(),
                generator=generator,
            )
            compared = torch.randperm(m, generator=generator)[:_COMPARED_TASKS].tolist()
            return value + self.orthogonality * mean_overlap(parameters[1:], compared)

        training = MapTraining(
            steps=self.steps, learning_rate=self.learning_rate, batch_size=self.batch_size
        )
        return training.run(view, decoder, parameters, loss)


def mean_overlap(factors: list[Tensor], tasks: list[int]) -> Tensor:
    """Mean of `overlap` over matrices, whose B and A take turns in `factors`."""
    pairs = zip(factors[::2], factors[1::2], strict=True)
    return torch.stack([overlap(b, a, tasks) for b, a in pairs]).mean()
