"""Experts that lie at one angle from each other, at distance 1 from the base."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .base import MOST_TASKS, AnalyticProblem, require
from .geometry import equally_correlated, orthonormal


@dataclass(frozen=True, kw_only=True)
class EquiangularProblem(AnalyticProblem, ABC):
    """Task vectors are unit vectors of one pairwise angle, in all and within every tensor.

    Attributes:
        n_tasks: 2 to 10.
        angle: Degrees between any two task vectors; cos(angle) >= -1 / (n_tasks - 1).
    """

    n_tasks: int = 2
    angle: float = 90.0

    def _check(self) -> None:
        require("n_tasks", self.n_tasks, at_least=2, at_most=MOST_TASKS)
        require("angle", self.angle, above=0, at_most=180)
        self._check_losses()

    @abstractmethod
    def _check_losses(self) -> None:
        """Refuse knobs of the losses that are out of range.

        Raises:
            ParameterError: If one is.
        """

    @property
    def _directions(self) -> int:
        return self.n_tasks

    @cached_property
    def _task_vectors(self) -> NDArray[np.float64]:
        rows = orthonormal(self._layout, self.n_tasks)
        return equally_correlated(rows, 1 - self._spread)

    @property
    def _spread(self) -> float:
        return float(1 - np.cos(np.radians(self.angle)))
