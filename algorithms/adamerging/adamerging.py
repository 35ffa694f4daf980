"""AdaMerging: coefficients that make the merged model confident on unlabelled inputs."""

from dataclasses import dataclass
from typing import Literal, final

import torch

from ...domains import CountOrZero
from ...problems.layout import Space
from ...problems.view import ProblemView
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CRITERIA
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.trimming import resolved
from ..training.tuned import BatchSize, CoefficientRate, Initial, Keep


@dataclass(frozen=True, kw_only=True)
class _AdaMerging(Algorithm):
    """Minimise sum_i E_x H(softmax(head_i(f_theta(c)(x)))) over coefficients c in [0, 1].

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Constant learning rate of Adam.
        batch_size: Examples of each task per step.
        initial: Initial value of every coefficient.
    """

    steps: CountOrZero = 1000
    learning_rate: CoefficientRate = 1e-3
    batch_size: BatchSize = 16
    initial: Initial = 0.3
    space: Space = bound()  # noqa: RUF009 - a field
    loss: str = bound("entropy", among=CRITERIA)

    def training(self, view: ProblemView) -> RayTraining:
        """Return how the coefficients of a view's pool are trained."""
        steps = affordable(view, self.steps, self.batch_size)
        return RayTraining(
            decoder=ConstantCoefficients(space=self.space, initial=self.initial),
            descent=Descent(steps=steps, learning_rate=self.learning_rate, final=1.0),
            criterion=CRITERIA[self.loss],
            # The released code clamps coefficients inside the graph. A coefficient that has left
            # the box then has no gradient to come back, so they are clamped after the step.
            bounds=(0.0, 1.0),
        )


@final
@dataclass(frozen=True, kw_only=True)
class AdaMerging(_AdaMerging):
    """Coefficients in [0, 1] that minimise the entropy of the predictions, summed over the tasks.

    The coefficients are clamped to [0, 1] after each step. (The released code clamps them inside
    the graph, where a coefficient that has left the box has no gradient to come back.) The
    inductive form adapts to inputs of the calibration split, which is disjoint from the test split;
    the transductive form adapts to the inputs of the test split, as published.
    `adamerging-labelled` minimises the cross-entropy on the same examples instead: its advantage
    shows what the labels are worth. Source: Yang et al. 2024, eqs. 4 and 5; 1,000 steps of one
    batch of 16 per task, Adam 1e-3.
    """

    track: Literal["inductive", "transductive"] = bound("inductive")

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend on the calibration split, or on the inputs of the test split."""
        if self.track == "transductive":
            batches = view.transductive_batches(self.batch_size)
        else:
            batches = view.batches(self.batch_size, labelled=CRITERIA[self.loss].labelled)
        return self.training(view).run(view, batches, generator)


@final
@dataclass(frozen=True, kw_only=True)
class AdaMergingPlusPlus(_AdaMerging):
    """AdaMerging on task vectors without interference (AdaMerging++).

    Each vector is trimmed and loses the entries whose sign differs from the elected one; the
    vectors stay separate, each with its own coefficients.
    Source: Yang et al. 2024.

    Args:
        keep: Fraction of the entries of each vector that trimming keeps, the largest ones.
    """

    keep: Keep = 0.2

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Resolve the vectors, then descend on the calibration split."""
        experts = view.experts
        view = view.over(experts.altered(resolved(experts.task_vectors, self.keep)))
        batches = view.batches(self.batch_size, labelled=False)
        return self.training(view).run(view, batches, generator)
