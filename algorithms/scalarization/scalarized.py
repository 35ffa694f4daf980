"""Scalarizations minimised over merging coefficients or over all weights, one model per ray."""

from dataclasses import dataclass
from typing import Final, final

import torch

from ...domains import Count, Finite
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..training.decoder import ConstantWeights, Decoder
from ..training.ray_algorithm import RayCoefficients, RayFinetune
from ..training.tuned import WeightRate

_GRID: Final = tuple(step / 10 for step in range(1, 11))
"""Coefficients of task arithmetic that are measured: those of the paper's sweep above 0."""


@final
@dataclass(frozen=True, kw_only=True)
class ScalarizedCoefficients(RayCoefficients):
    """Minimise a scalarization of the losses over merging coefficients, ray by ray.

    The model of coefficients c is pretrained + sum_t c_t task_vector_t.
    """


@final
@dataclass(frozen=True, kw_only=True)
class ScalarizedFinetune(RayFinetune):
    """Minimise a scalarization of the losses over all weights, ray by ray; keeps all models.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-4, 3e-4 and 1e-3 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 100,000 units.
        initial: Coefficient of every task vector at the start. 0 starts at the pretrained model, as
            the baseline of the literature does, which uses no experts.
    """

    learning_rate: WeightRate = 3e-4
    initial: Finite = 0.0

    def decoder(self, view: ProblemView) -> Decoder:
        """Return all weights."""
        return ConstantWeights(initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class FinetuneFromAverage(RayFinetune):
    """Same as `ls-finetune`, but starts from the average of the experts.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4 and 3e-4 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 20,000 units.
    """


@final
@dataclass(frozen=True, kw_only=True)
class FinetuneFromArithmetic(RayFinetune):
    """Same as `ls-finetune`, but starts from the best task arithmetic on validation.

    The coefficients 0.1, 0.2, ... 1 are measured first, within the budget; the one with the
    smallest mean objective is taken.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4 and 3e-4 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 20,000 units.
        examples: Validation examples of each task on which a coefficient is measured.
    """

    examples: Count = 100

    def decoder(self, view: ProblemView) -> Decoder:
        """Return all weights, starting from the best coefficient of the grid."""
        means = [self._mean_objective(view, coefficient) for coefficient in _GRID]
        return ConstantWeights(initial=_GRID[means.index(min(means))])

    def _mean_objective(self, view: ProblemView, coefficient: float) -> float:
        point = Coefficients(values=torch.full((len(view.experts),), coefficient))
        return float(view.objectives(point, examples=self.examples).mean())
