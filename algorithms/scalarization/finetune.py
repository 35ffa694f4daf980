"""Scalarizations minimised over all weights: one model fine-tuned a ray."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, Final, final

import torch

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..training.decoder import ConstantWeights, Decoder
from ..training.ray_algorithm import RayAlgorithm
from ..training.weighting import SmoothTchebycheff, Tchebycheff, Weighting

_GRID: Final = tuple(step / 10 for step in range(1, 11))
"""Coefficients of task arithmetic that are measured."""


@dataclass(frozen=True, kw_only=True)
class _Finetune(RayAlgorithm, ABC):
    """Minimise a scalarization of L_i(theta) over all weights, ray by ray; all models are kept.

    All rays draw from one stream of batches.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 1e-4, 3e-4 and 1e-3 this
            was the best on validation of `digits-left-right` and `digits-mnist-neg180` at tier S.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
        initial: Coefficient of every task vector at the start; 0 starts at the base model, as the
            baseline of the literature does, which uses no experts.
    """

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 3e-4
    chained: bool = False
    initial: float = 0.0

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights."""
        return ConstantWeights(initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationFinetune(_Finetune):
    """min over theta of sum_i p_i L_i(theta), for each ray p of a lattice; all models are kept."""


@final
@dataclass(frozen=True, kw_only=True)
class TchebycheffFinetune(_Finetune):
    """min over theta of max_i p_i g_i(theta), for each ray p of a lattice; all models are kept."""

    weighting: ClassVar[Weighting] = Tchebycheff()


@final
@dataclass(frozen=True, kw_only=True)
class SmoothTchebycheffFinetune(_Finetune):
    """min over theta of the smooth Tchebycheff scalarization, for each ray; all are kept."""

    weighting: ClassVar[Weighting] = SmoothTchebycheff()


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationFromAverage(RayAlgorithm):
    """As `ls-finetune`, but from the average of the experts that merging methods are given.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 3e-5, 1e-4 and 3e-4 this
            was the best on validation of `digits-left-right` and `digits-mnist-neg180` at 20,000
            units.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
    """

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 1e-4
    chained: bool = False

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights."""
        return ConstantWeights(initial=1 / len(view.experts))


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationFromArithmetic(RayAlgorithm):
    """As `ls-finetune`, but from the best task arithmetic, whose coefficient validation chooses.

    The coefficients 0.1, 0.2, ... 1 are measured first, within the budget, and that of the smallest
    mean objective is taken.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 3e-5, 1e-4 and 3e-4 this
            was the best on validation of `digits-left-right` and `digits-mnist-neg180` at 20,000
            units.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
        examples: Validation examples of each task that a coefficient is measured on.
    """

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 1e-4
    chained: bool = False
    examples: int = 100

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights, from the best of the grid."""
        means = [self._mean_objective(view, coefficient) for coefficient in _GRID]
        return ConstantWeights(initial=_GRID[means.index(min(means))])

    def _mean_objective(self, view: ProblemView, coefficient: float) -> float:
        point = Coefficients(values=torch.full((len(view.experts),), coefficient))
        return float(view.objectives(point, examples=self.examples).mean())
