"""Sobol and random pools of coefficients, measured on validation: controls for searches."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import torch

from ...domains import Count
from ...problems.experts import Coefficients
from ...problems.layout import Space
from ...problems.view import ProblemView
from ...ranges import Choices
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.measured_pool import MeasuredPool, sobol
from ..training.tuned import Examples, Kept, Upper
from .trial import Trial


@dataclass(frozen=True, kw_only=True)
class PoolSearch(Algorithm, ABC):
    """Measure coefficients in a box one after another, and keep the best models.

    Models are compared on the same examples. The best of many noisy values is optimistic, so
    representatives of the measured models are measured again on the whole validation split. The
    finite set consists of them, the pretrained model and the experts. Subclasses define which
    coefficients are measured.

    Args:
        points: Maximum number of models to measure; fewer if the budget runs out first.
        examples: Validation examples of each task for the search; all of them if the budget covers
            it.
        kept: Maximum number of models to measure again; at most half of the budget is reserved for
            them.
        upper: Upper end of the box [0, upper]^d, with d coefficients.
    """

    points: Count = 500
    examples: Examples = 256
    kept: Kept = 25
    upper: Upper = 1.0
    space: Space = bound("task")  # noqa: RUF009 - a field

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Search, and measure the representatives."""
        trial = Trial(
            view, points=self.points, examples=self.examples, kept=self.kept, space=self.space
        )
        self._search(trial, generator)
        return trial.settle(generator)

    @abstractmethod
    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        """Measure until `trial.left` is 0, or until no models are left to measure."""


@final
@dataclass(frozen=True, kw_only=True)
class SobolPool(Algorithm):
    """Scrambled Sobol coefficients in [0, upper]^m, measured on validation, and the anchors.

    Args:
        points: Maximum number of points to measure; fewer if the budget runs out first.
        upper: Upper end of the box.
    """

    points: Annotated[Count, Choices(values=(16, 32, 64, 128))] = 64
    upper: Upper = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure the pool; the pretrained model and the experts are known and free."""
        m = len(view.tasks)
        pool = MeasuredPool(view, trainable_parameters=m)
        pool.add_anchors()
        count = int(min(self.points, view.affordable_evaluations()))
        for row in self.upper * sobol(m, count, generator):
            pool.measure(Coefficients(values=row))
        return pool.pareto_set()


@final
@dataclass(frozen=True, kw_only=True)
class RandomPool(PoolSearch):
    """Uniformly random coefficients: a control that differs from a search in nothing else."""

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        # NumPy's generator is seeded from the run's, which stays the only source of randomness.
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        trial.measure(self.upper * rng.uniform(size=(trial.count, trial.dimensions)))
