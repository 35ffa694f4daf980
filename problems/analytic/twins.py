"""Groups of tasks that share one expert."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, final

import numpy as np
import torch
from annotated_types import Interval
from numpy.typing import NDArray
from torch import Tensor

from ...errors import ParameterError
from . import geometry, regular
from .base import MOST_TASKS, AnalyticProblem, Angle, check_reference
from .oracle import Losses
from .volumes import area, simplex_volume

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class TwinsProblem(AnalyticProblem):
    """L_t = 1/2 |theta - theta_t|^2, where all tasks of a group have the same expert.

    Task t belongs to group t mod groups. The Pareto set is the convex hull of the groups' experts,
    so the front is that of one task per group with every objective repeated. Its dimension is
    groups - 1, less than n_tasks - 1.

    Args:
        n_tasks: Number of tasks, 3 to 10.
        groups: Number of groups, 1 to 3, and fewer than tasks; one group has no conflict.
        angle: Degrees between the task vectors of different groups.
    """

    n_tasks: Annotated[int, Interval(ge=3, le=MOST_TASKS)] = 4
    groups: Annotated[int, Interval(ge=1, le=3)] = 2
    angle: Angle = 60.0

    def __post_init__(self) -> None:
        """Check also that there are fewer groups than tasks."""
        super().__post_init__()
        if self.groups >= self.n_tasks:
            raise ParameterError(
                f"`groups` must be below `n_tasks`. Found {self.groups} and {self.n_tasks}. "
                "Use fewer groups or more tasks."
            )

    def front(self, k: int) -> Array:
        """About k objectives of the front."""
        few = regular.front(self.groups, k, self._spread, regular.PROPORTIONAL)
        return few[:, self._group]

    @property
    def nadir(self) -> Array:
        """The objective of an expert on a task of another group."""
        return np.full(self.n_tasks, 2 * self._spread if self.groups > 1 else 0.0)

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Known for two groups, and for three if `ref` is beyond the nadir.

        A point is dominated if the minimum over each group is. The minimum of n numbers that are
        uniform up to `ref` exceeds x with probability (1 - x / ref)^n, so the volume is that of a
        front of `groups` objectives ref^n - (ref - g)^n, up to ref^n.
        """
        check_reference(ref)
        sizes = np.bincount(self._group).astype(float)
        if self.groups == 1:
            return float(ref**self.n_tasks)
        top = ref**sizes

        def curve(s: Array) -> Array:
            g = regular.front_curve(s, self._spread, regular.PROPORTIONAL)
            return np.asarray(top - np.maximum(ref - g, 0) ** sizes)

        if self.groups == 2:
            inside = min(1.0, float(np.sqrt(ref / (2 * self._spread))))
            return area(curve, [(1 - inside, inside)], (top[0], top[1])) if inside > 0.5 else 0.0
        if self.nadir[0] > ref + 1e-12:
            return None
        return self._volume_of_three(ref, sizes)

    def _volume_of_three(self, ref: float, sizes: Array) -> float:
        top = ref**sizes

        def images(c: Array) -> tuple[Array, Array]:
            g, slopes = regular.images(c, self._spread, regular.PROPORTIONAL)
            # Scaled to 1, because `simplex_volume` takes one reference value for all objectives.
            rest = np.maximum(ref - g, 0)
            steep = sizes * rest ** (sizes - 1) / top
            return 1 - rest**sizes / top, steep[:, :, None] * slopes

        return float(top.prod() * simplex_volume(images, self.groups, 1.0))

    @property
    def _directions(self) -> int:
        return self.groups

    @property
    def _group(self) -> NDArray[np.int64]:
        """`(m,)` index of each task's group."""
        return np.arange(self.n_tasks) % self.groups

    @cached_property
    def _task_vectors(self) -> Array:
        rows = geometry.orthonormal(self._layout, self.groups)
        few = rows if self.groups == 1 else geometry.equally_correlated(rows, 1 - self._spread)
        return few[self._group]

    @property
    def _spread(self) -> float:
        return float(1 - np.cos(np.radians(self.angle)))

    def _losses(self) -> Losses:
        experts = torch.from_numpy(self._task_vectors)

        def losses(displacement: Tensor) -> Tensor:
            return (displacement - experts).square().sum(dim=1) / 2

        return losses
