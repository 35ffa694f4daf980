"""The models that every problem starts with, as answers: base, experts, simple average."""

from dataclasses import dataclass
from typing import final

import torch

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, FiniteSet, ParetoSet


@final
@dataclass(frozen=True, kw_only=True)
class Pretrained(Algorithm):
    """The base model, whatever the preference: coefficients 0."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Nothing is fitted."""
        zeros = torch.zeros(len(view.tasks))
        return ConstantSet(experts=view.experts, answer=Coefficients(values=zeros))


@final
@dataclass(frozen=True, kw_only=True)
class SingleExperts(Algorithm):
    """The m experts; the common selector chooses one by their known validation objectives."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Nothing is fitted: the experts' anchors are known."""
        corners = [Coefficients(values=row) for row in torch.eye(len(view.tasks))]
        objectives = view.anchors.objectives(view.anchors.experts)
        return FiniteSet(experts=view.experts, points=corners, objectives=objectives)


@final
@dataclass(frozen=True, kw_only=True)
class SimpleAverage(Algorithm):
    """The mean of the experts: coefficients 1 / m."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Nothing is fitted."""
        values = torch.full((len(view.tasks),), 1 / len(view.tasks))
        return ConstantSet(experts=view.experts, answer=Coefficients(values=values))
