"""IBCL: models for preferences from a Gaussian posterior around every expert."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import CountOrZero, PositiveFloat
from ...problems.view import ProblemView
from ...ranges import Choices, LogRange
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet
from .fisher import FisherMean, score


@final
@dataclass(frozen=True, kw_only=True)
class IBCL(Algorithm):
    """The mode of the experts' Laplace posteriors, pooled by the preference; corners are exact.

    Expert i has the posterior N(expert_i, 1 / Lambda_i), where Lambda_i = 1 / deviation^2 +
    sum_x (d log p(y | x) / d theta)^2 entry by entry: the diagonal Fisher information, summed over
    the measured examples, plus the precision of the prior. The posterior for a preference is their
    logarithmic pool, proportional to prod_i q_i^p_i. It is a Gaussian with precision
    sum_i p_i Lambda_i and mean sum_i p_i Lambda_i expert_i / sum_i p_i Lambda_i; the mean is the
    only model that all of its highest-density regions contain. Source: Lu et al. 2023, algorithm 2.
    The paper finds posteriors by variational inference from the posteriors of
    earlier tasks, pools them linearly and draws models from a highest-density region; see
    `docs/correctness/merging.md` for what a linear pool of experts is.

    Args:
        steps: Examples of each task, one per step; fewer if the budget runs out first.
        deviation: Standard deviation of every entry under the prior. A small one makes the pool a
            rewarded soup, a large one Fisher merging without its scale.
    """

    steps: Annotated[CountOrZero, Choices(values=(32, 64, 128, 256, 512))] = 256
    deviation: Annotated[PositiveFloat, LogRange(low=0.01, high=100.0)] = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure the precision of every expert's posterior."""
        pool = view.experts
        precision = torch.full((len(pool), pool.layout.size), self.deviation**-2)

        def current() -> MapSet:
            mean = FisherMean(experts=pool, information=shared_scale(precision))
            return MapSet(experts=pool, function=mean, state_bytes=mean.information.nbytes)

        batches = view.batches(1, labelled=False)
        for _ in range(int(min(self.steps, view.affordable_steps(1)))):
            batch = next(batches)
            for task, (row, vector) in enumerate(zip(precision, pool.task_vectors, strict=True)):
                row += score(view, pool.pretrained + vector, batch, task, generator).square_()
            view.milestone(current)
        return current()


def shared_scale(precision: Tensor) -> Tensor:
    """Return a copy of `(m, P)` precisions over their largest entry, which changes no mean of them.

    Products with small preferences then stay inside the range of float32.
    """
    return precision / precision.max()
