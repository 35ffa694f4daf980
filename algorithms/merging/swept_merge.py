"""Merges of task vectors whose length is chosen by a sweep on validation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, MapSet, Model, ParetoSet, Recipe
from .lift import lifted


def sweep(
    view: ProblemView,
    scales: Sequence[float],
    model: Callable[[float], Model],
    answer: Callable[[float], ParetoSet],
) -> ParetoSet:
    """The answer of the scale whose model has the least mean validation objective g.

    Scales are measured in their order, each with one validation evaluation; ties go to the earlier
    one. After each the best so far is the answer so far.

    Args:
        view: The problem.
        scales: What is tried.
        model: The model that a scale is judged by.
        answer: What is returned for a scale.
    """
    measured: list[tuple[float, float]] = []

    def best() -> ParetoSet:
        return answer(min(measured, key=lambda pair: pair[0])[1])

    for scale in scales:
        measured.append((float(view.objectives(model(scale)).mean()), scale))
        view.milestone(best)
    return best()


Merge = Callable[[Tensor], Tensor]
"""From coefficients `(T,)`, not negative, to the merged vector `(P,)` of c_i task_vector_i.

Twice the coefficients give twice the vector.
"""


@dataclass(frozen=True, kw_only=True)
class SweptMerge(Algorithm, ABC):
    """base + c merge(1, ..., 1), c being the best of a sweep by mean validation objective.

    `lifted` subclasses answer a preference p with base + merge(s(p) p) in place of that, s being 1
    at the corners and m c at the centre, where both are the same model.

    Args:
        sweep: Lengths c tried, in order; ties go to the earlier one.
    """

    sweep: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    lifted: ClassVar[bool] = False

    @abstractmethod
    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """How these experts are merged; what does not depend on coefficients is done once here."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Merge all task vectors alike, and measure each length on validation."""
        pool = view.experts
        merge = self.merge(pool, generator)
        direction = merge(torch.ones(len(pool)))

        def model(c: float) -> Tensor:
            return torch.add(pool.pretrained, direction, alpha=c)

        def answer(c: float) -> ParetoSet:
            if not self.lifted:
                return ConstantSet(experts=pool, answer=model(c), trainable_parameters=1)
            function = LiftedMerge(algorithm=self, experts=pool, length=c)
            return MapSet(experts=pool, function=function, trainable_parameters=1)

        return sweep(view, self.sweep, model, answer)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LiftedMerge(Recipe):
    """base + merge(s(p) p) of a merge that draws nothing; made again where it is used.

    Attributes:
        algorithm: How experts are merged.
        experts: The pool.
        length: c, each coefficient at the centre.
    """

    algorithm: SweptMerge
    experts: ExpertPool
    length: float

    def __call__(self, preference: Tensor) -> Tensor:
        """`(P,)` parameters."""
        return self.experts.pretrained + self._merge(lifted(preference, self.length))

    @cached_property
    def _merge(self) -> Merge:
        return self.algorithm.merge(self.experts, torch.Generator())
