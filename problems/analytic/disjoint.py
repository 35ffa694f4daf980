"""Tasks that do not share parameters."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import geometry
from .base import AnalyticProblem, NumberOfTasks, check_reference
from .oracle import Losses

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class DisjointProblem(AnalyticProblem):
    """L_t = 1/2 sum over i of (theta_i - theta_ti)^2, i over the parameters of task t.

    Parameter i belongs to task i mod n_tasks; a task vector is 0 elsewhere. There is no conflict:
    the pretrained model plus all task vectors minimises every loss, and the front is one point.

    Args:
        n_tasks: Number of tasks, 2 to 10.
    """

    n_tasks: NumberOfTasks = 2

    def front(self, k: int) -> Array:
        """The ideal point."""
        return np.zeros((1, self.n_tasks))

    @property
    def nadir(self) -> Array:
        """The ideal point."""
        return np.zeros(self.n_tasks)

    def maximal_hypervolume(self, ref: float) -> float | None:
        """The volume of the whole box, ref^T."""
        check_reference(ref)
        return float(ref**self.n_tasks)

    @property
    def _directions(self) -> int:
        return self.n_tasks

    @property
    def _own(self) -> NDArray[np.bool_]:
        """`(m, P)`, whether each parameter belongs to each task."""
        owner = np.arange(self.dimension) % self.n_tasks
        return np.equal(owner, np.arange(self.n_tasks)[:, None])

    @cached_property
    def _task_vectors(self) -> Array:
        signs = np.sign(geometry.pretrained(self.dimension))  # of sin(1), sin(2), ...: never 0
        vectors: Array = self._own * signs / np.sqrt(self._own.sum(axis=1, keepdims=True))
        return vectors

    def _losses(self) -> Losses:
        own, experts = torch.from_numpy(self._own / 2), torch.from_numpy(self._task_vectors)

        def losses(displacement: Tensor) -> Tensor:
            return (own * (displacement - experts).square()).sum(dim=1)

        return losses
