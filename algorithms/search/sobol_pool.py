"""Sobol pool: the control that every search in coefficient space must beat."""

from dataclasses import dataclass
from typing import final

import torch

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..measured_pool import MeasuredPool
from ..pareto_set import ParetoSet
from .sobol import sobol


@final
@dataclass(frozen=True, kw_only=True)
class SobolPool(Algorithm):
    """Scrambled Sobol coefficients in [0, upper]^m, measured on validation, and the anchors.

    Args:
        points: Most points to measure; fewer where the budget ends first.
        upper: Upper end of the box.
    """

    points: int = 64
    upper: float = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure the pool; the base model and the experts are known and free."""
        m = len(view.tasks)
        pool = MeasuredPool(view, trainable_parameters=m)
        pool.add_anchors()
        count = int(min(self.points, view.affordable_evaluations()))
        for row in self.upper * sobol(m, count, generator):
            pool.measure(Coefficients(values=row))
        return pool.answer()
