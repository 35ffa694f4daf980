"""Task arithmetic: one coefficient for the sum of the task vectors."""

from dataclasses import dataclass
from typing import final

import torch

from ...domains import Finites
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet
from .swept_merge import sweep


@final
@dataclass(frozen=True, kw_only=True)
class TaskArithmetic(Algorithm):
    """pretrained + c * sum of task vectors, with c the best of a sweep on validation.

    The criterion is the mean objective. Source: Ilharco et al. 2023, section 2, with its sweep.

    Args:
        sweep: Coefficients tried, in order; the earlier one wins a tie.
    """

    sweep: Finites = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure each coefficient of the sweep on validation."""

        def model(c: float) -> Coefficients:
            return Coefficients(values=torch.full((len(view.tasks),), c))

        def pareto_set(c: float) -> ConstantSet:
            return ConstantSet(experts=view.experts, constant=model(c), trainable_parameters=1)

        return sweep(view, self.sweep, model, pareto_set)
