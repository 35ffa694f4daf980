"""Quadratic losses around experts with one angle between any two of them."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, final

import numpy as np
import torch
from annotated_types import Interval
from numpy.typing import NDArray
from torch import Tensor

from ...domains import PositiveFloat
from ...errors import ParameterError
from . import regular
from . import volumes as simplex
from .base import EquiangularProblem, check_reference
from .oracle import Losses
from .volumes import area, simplex_volume

Array = NDArray[np.float64]
_TOLERANCE: Final = 1e-12


@final
@dataclass(frozen=True, kw_only=True)
class QuadraticProblem(EquiangularProblem):
    """Linear models under squared error: L_t = 1/2 sum_b k_t a_tb |theta_b - theta_tb|^2.

    Task vectors are unit vectors with one pairwise angle, also within every tensor b. The losses
    are convex, so every point of the front minimises a weighted sum of them: the Pareto set is
    theta_b = sum_t c_bt theta_tb with c_bt = p_t a_tb / sum_s p_s a_sb for p on the simplex. With
    sensitivity 1 it is the convex hull of the experts, which one coefficient per task reaches.
    Otherwise it is curved, and reaching it takes coefficients for every group that differs.

    As in the generator of MultiTab-Bench (Sinodinos et al. 2025, https://arxiv.org/abs/2511.09970),
    tasks are described by their number, their correlation (here cos(angle)) and their relative
    complexity (here the curvature of a loss). Complexity does not change g or the front, but
    affects algorithms that add raw losses.

    Args:
        n_tasks: Number of tasks, 2 to 10.
        angle: Degrees between any two task vectors; cos(angle) >= -1 / (n_tasks - 1).
        complexity: Ratio of the curvature k of the last task to that of the first; the others are
            evenly spaced on a log scale.
        sensitivity: Ratio of a in a task's own groups to a in the others, 1 to 100; group b belongs
            to task b mod n_tasks.
        granularity: Size of a group: `block`, or `tensor`; a block has two tensors.
    """

    complexity: PositiveFloat = 1.0
    sensitivity: Annotated[float, Interval(ge=1, le=100)] = 1.0
    granularity: Literal["block", "tensor"] = "block"

    def __post_init__(self) -> None:
        """Check also that tensors can have different curvatures."""
        super().__post_init__()
        if self.sensitivity != 1 and len(set(self._groups.tolist())) < 2:
            raise ParameterError(
                f"`dimension` must give two {self.granularity}s or more if `sensitivity` is not 1. "
                f"Found {self.dimension} for {self.n_tasks} tasks. Use a larger dimension."
            )

    def front(self, k: int) -> Array:
        """About k objectives of the front."""
        if self.sensitivity == 1:
            return regular.front(self.n_tasks, k, self._spread, regular.PROPORTIONAL)
        return self._objectives(simplex.cover(self.n_tasks, k))

    @property
    def nadir(self) -> Array:
        """2 (1 - cos(angle)), an expert's objective on another task, for every sensitivity."""
        return np.full(self.n_tasks, 2 * self._spread)

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Known for two tasks, and for more if `ref` is beyond the nadir.

        With sensitivity 1 it is also known for three tasks and any `ref`; with another
        sensitivity it is not known for more than three tasks.
        """
        check_reference(ref)
        if self.sensitivity == 1:
            return regular.volume(self.n_tasks, self._spread, regular.PROPORTIONAL, ref)
        if self.n_tasks == 2:
            ends = [(0.0, 1.0)]
            return area(lambda s: self._objectives(np.stack([1 - s, s], 1)), ends, (ref, ref))
        if self.n_tasks == 3 and self.nadir[0] <= ref + _TOLERANCE:
            return simplex_volume(self._images, self.n_tasks, ref)
        return None

    @property
    def _groups(self) -> NDArray[np.int64]:
        """`(tensors,)` index of each tensor's group."""
        tensors = np.arange(len(self._layout.names))
        return tensors if self.granularity == "tensor" else tensors // 2

    @property
    def _curvatures(self) -> Array:
        """`(m, tensors)` values of a, with mean 1 for each task."""
        own = self._groups % self.n_tasks == np.arange(self.n_tasks)[:, None]
        a = np.where(own, self.sensitivity, 1.0)
        even: Array = a / a.mean(axis=1, keepdims=True)
        return even

    def _losses(self) -> Losses:
        scale = self.complexity ** np.linspace(0, 1, self.n_tasks)[:, None]
        curvatures = np.repeat(scale * self._curvatures, self._layout.sizes, axis=1)
        halves, experts = torch.from_numpy(curvatures / 2), torch.from_numpy(self._task_vectors)

        def losses(displacement: Tensor) -> Tensor:
            return (halves * (displacement - experts).square()).sum(dim=1)

        return losses

    def _shares(self, p: Array) -> tuple[Array, Array]:
        """`(n, m, tensors)` c for weights p `(n, m)`, and `(n, tensors)` the sums of p a."""
        parts = p[:, :, None] * self._curvatures
        total = parts.sum(axis=1)
        return parts / total[:, None], total

    def _objectives(self, p: Array) -> Array:
        """`(n, m)` objectives of the minimisers of weighted sums.

        All tensors have equal shares of every distance, so g_t is the mean over tensors of
        a_tb spread |c_b - e_t|^2.
        """
        c, _ = self._shares(p)
        distances = (c**2).sum(axis=1)[:, None] - 2 * c + 1
        g: Array = self._spread * (self._curvatures * distances).mean(axis=2)
        return g

    def _images(self, p: Array) -> tuple[Array, Array]:
        """Objectives for weights p, and their derivatives `(n, m, m)` by the weights."""
        (c, total), a = self._shares(p), self._curvatures
        square = (c**2).sum(axis=1)[:, None, None]
        inner = c[:, None] + c[:, :, None] - square - np.eye(self.n_tasks)[:, :, None]
        bend = a[:, None] * a / total[:, None, None]  # (n, i, j, tensors)
        return self._objectives(p), 2 * self._spread * (bend * inner).mean(axis=3)
