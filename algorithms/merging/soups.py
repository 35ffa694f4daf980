"""The models with which every problem starts, and soups of the experts."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import NonNegativeFloats
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, FiniteSet, MapSet, ParetoSet, PerTask, PreferenceMap
from .swept_merge import lift, sweep


@final
@dataclass(frozen=True, kw_only=True)
class Pretrained(Algorithm):
    """The pretrained model for every preference: all coefficients are 0."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        zeros = torch.zeros(len(view.tasks))
        return ConstantSet(experts=view.experts, constant=Coefficients(values=zeros))


@final
@dataclass(frozen=True, kw_only=True)
class SingleExperts(Algorithm):
    """The m experts; the common selector chooses one by their known validation objectives."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the experts, whose validation values are known."""
        corners = [Coefficients(values=row) for row in torch.eye(len(view.tasks))]
        objectives = view.anchors.objectives(view.anchors.experts)
        return FiniteSet(experts=view.experts, points=corners, objectives=objectives)


@final
@dataclass(frozen=True, kw_only=True)
class ExpertsRouter(Algorithm):
    """One model per task, its own expert: the ideal point, at the storage of all experts."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        corners = torch.eye(len(view.tasks))
        return ConstantSet(
            experts=view.experts,
            constant=PerTask(points=tuple(Coefficients(values=row) for row in corners)),
            stored_bytes=view.experts.nbytes,
        )


@final
@dataclass(frozen=True, kw_only=True)
class SimpleAverage(Algorithm):
    """The mean of the experts: coefficients 1 / m."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        values = torch.full((len(view.tasks),), 1 / len(view.tasks))
        return ConstantSet(experts=view.experts, constant=Coefficients(values=values))


@final
@dataclass(frozen=True, kw_only=True)
class RewardedSoup(Algorithm):
    """theta(p) = sum_i p_i expert_i; the corners are the experts, and nothing is fitted.

    Source: Rame et al. 2023, section 2.2.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        return MapSet(experts=view.experts, function=Soup())


@final
@dataclass(frozen=True, kw_only=True)
class Soup(PreferenceMap):
    """The preference itself as coefficients."""

    def __call__(self, preference: Tensor) -> Coefficients:
        """`(m,)` coefficients."""
        return Coefficients(values=preference)


@final
@dataclass(frozen=True, kw_only=True)
class GeneralisedSoup(Algorithm):
    """pretrained + s(p) sum_i p_i task_vector_i, with s = 1 at the corners and m c at the centre.

    Between them s follows the entropy of the preference. The only fitted number c is the
    coefficient of task arithmetic, the best of a sweep by mean validation objective; c = 1 / m
    gives the rewarded soup. Of this curve, c_i = p_i^a with exact corners, and c_i = m c p_i
    without, it was best or nearly best by mean utility in validation on `digits-left-right` and
    `digits-mnist-neg180`. Source: Rame et al. 2023, section 2.2, with the scale of Ilharco et al.
    2023.

    Args:
        sweep: Coefficients c tried, in order; the earlier one wins a tie.
    """

    sweep: NonNegativeFloats = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure each coefficient at the centre on validation."""

        def centre(c: float) -> Coefficients:
            return Coefficients(values=torch.full((len(view.tasks),), c))

        def pareto_set(c: float) -> MapSet:
            function = LiftedSoup(length=c)
            return MapSet(experts=view.experts, function=function, trainable_parameters=1)

        return sweep(view, self.sweep, centre, pareto_set)


@final
@dataclass(frozen=True, kw_only=True)
class LiftedSoup(PreferenceMap):
    """The coefficients s(p) p, each of which is `length` at the centre."""

    length: float

    def __call__(self, preference: Tensor) -> Coefficients:
        """`(m,)` coefficients."""
        return Coefficients(values=lift(preference, self.length))
