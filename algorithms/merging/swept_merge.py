"""Merges of task vectors whose length is chosen by a sweep on validation."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from ...domains import NonNegativeFloats
from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ConstantSet, MapSet, Model, ParetoSet, PreferenceMap


def sweep(
    view: ProblemView,
    scales: Sequence[float],
    model: Callable[[float], Model],
    pareto_set: Callable[[float], ParetoSet],
) -> ParetoSet:
    """Return the Pareto set of the scale whose model has the lowest mean validation objective g.

    Scales are measured in this order, each with one validation evaluation; the earlier one wins a
    tie. After each one, the best so far is a milestone.

    Args:
        view: The problem.
        scales: The scales that are tried.
        model: Maps a scale to the model that it is judged by.
        pareto_set: Maps a scale to the Pareto set that is returned for it.
    """
    measured: list[tuple[float, float]] = []

    def best() -> ParetoSet:
        return pareto_set(min(measured, key=lambda pair: pair[0])[1])

    for scale in scales:
        measured.append((float(view.objectives(model(scale)).mean()), scale))
        view.milestone(best)
    return best()


Merge = Callable[[Tensor], Tensor]
"""Maps non-negative coefficients `(T,)` to the merged vector `(P,)` of c_i task_vector_i.

It is homogeneous: doubling the coefficients doubles the vector.
"""


@dataclass(frozen=True, kw_only=True)
class SweptMerge(Algorithm, ABC):
    """pretrained + c merge(1, ..., 1), with c the best of a sweep by mean validation objective.

    If `lifted`, the model for a preference p is pretrained + merge(s(p) p) instead, where s is 1 at
    the corners and m c at the centre. At the centre both forms give the same model.

    Args:
        sweep: Lengths c tried, in order; ties go to the earlier one.
    """

    sweep: NonNegativeFloats = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    lifted: bool = bound(default=False)

    @abstractmethod
    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Prepare the merge of the given experts; work that no coefficient affects is done here."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Merge all task vectors with equal coefficients, and measure each length on validation."""
        pool = view.experts
        merge = self.merge(pool, generator)
        direction = merge(torch.ones(len(pool)))

        def model(c: float) -> Tensor:
            return torch.add(pool.pretrained, direction, alpha=c)

        def pareto_set(c: float) -> ParetoSet:
            if not self.lifted:
                return ConstantSet(experts=pool, constant=model(c), trainable_parameters=1)
            function = LiftedMerge(algorithm=self, experts=pool, length=c)
            return MapSet(experts=pool, function=function, trainable_parameters=1)

        return sweep(view, self.sweep, model, pareto_set)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LiftedMerge(PreferenceMap):
    """pretrained + merge(s(p) p), for a deterministic merge that is prepared again after loading.

    Attributes:
        algorithm: The algorithm that merges the experts.
        experts: The pool.
        length: The length c, which is every coefficient at the centre.
    """

    algorithm: SweptMerge
    experts: ExpertPool
    length: float

    def __call__(self, preference: Tensor) -> Tensor:
        """`(P,)` parameters."""
        return self.experts.pretrained + self._merge(lift(preference, self.length))

    @cached_property
    def _merge(self) -> Merge:
        # Not stored: it is as large as the task vectors, and any generator gives the same merge.
        return self.algorithm.merge(self.experts, torch.Generator())


def lift(preference: Tensor, centre: float) -> Tensor:
    """Return `(m,)` coefficients s(p) p: 1 for the task of a corner, all `centre` at the centre.

    s(p) = 1 + (m centre - 1) H(p) / log m, with H the entropy in nats. These are the coefficients
    of task arithmetic at the centre and of the experts at the corners, and change smoothly in
    between; with `centre` = 1 / m they are those of the rewarded soup.

    >>> lift(torch.tensor([0.5, 0.5]), 0.3).tolist()
    [0.30000001192092896, 0.30000001192092896]
    >>> lift(torch.tensor([0.0, 1.0]), 0.3).tolist()
    [0.0, 1.0]
    """
    m = len(preference)
    even = float(torch.special.entr(preference).sum()) / math.log(m)
    return (1 + (m * centre - 1) * even) * preference


def effective_number(total: Tensor, squares: Tensor) -> Tensor:
    """Return the effective number of coefficients: n if n are equal, 1 if only one is not 0.

    A weighted sum divided by it is the mean for equal coefficients, and the term itself for one.

    Args:
        total: Sum of the non-negative coefficients, of any shape.
        squares: Sum of their squares, of the same shape; where it is 0, the number is 1.
    """
    # `where` evaluates both branches: the clamp keeps the one that is not taken finite.
    tiny = torch.finfo(squares.dtype).tiny
    return torch.where(squares > 0, total.square() / squares.clamp_min(tiny), 1.0)


def weighted_sum(
    task_vectors: Tensor, coefficients: Tensor, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the `(P,)` sum of c_i v_i of `(T, P)` vectors, without copying them."""
    total = torch.zeros(task_vectors.shape[1], dtype=dtype)
    for c, vector in zip(coefficients.tolist(), task_vectors, strict=True):
        total.add_(vector, alpha=c)
    return total
