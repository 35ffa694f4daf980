"""Losses that saturate with the distance to the expert."""

from dataclasses import dataclass
from typing import Annotated, Final, final

import numpy as np
import torch
from annotated_types import Ge
from numpy.typing import NDArray
from scipy.optimize import brentq
from torch import Tensor

from . import regular
from .base import Angle, EquiangularProblem, check_reference
from .oracle import Losses
from .regular import Growth

Array = NDArray[np.float64]
_TOLERANCE: Final = 1e-12


@final
@dataclass(frozen=True, kw_only=True)
class SaturatingProblem(EquiangularProblem):
    """Welsch losses 1 - exp(-d_t / width^2) of d_t = |theta - theta_t|^2.

    Task vectors are unit vectors with one pairwise angle. A loss depends only on the distance, so
    the Pareto set is that of the distances, the convex hull of the experts, for every width.
    Between two experts, at a share s of the second, the slope of the front is -(1 - s) / s exp(-2 D
    (1 - 2s) / width^2) with D = 1 - cos(angle). The front is convex if width^2 >= D; otherwise it
    is concave where s (1 - s) > width^2 / (4 D), which is everywhere except near its ends. Weighted
    sums then have minima only at s <= `reach` or s >= 1 - `reach`, where `reach` is the point of
    slope -1: the tangent there touches the front at both ends.

    With `noise`, the tilt of a finite sample makes losses unbounded far from all experts.

    Args:
        n_tasks: Number of tasks, 2 to 10.
        angle: Degrees between any two task vectors; cos(angle) >= -1 / (n_tasks - 1).
        width: Distance at which a loss has 63 % of its supremum, at least 0.2. The pretrained model
            is at distance 1.
    """

    angle: Angle = 60.0
    width: Annotated[float, Ge(0.2)] = 0.5

    def front(self, k: int) -> Array:
        """About k objectives of the front."""
        return regular.front(self.n_tasks, k, self._spread, self._growth)

    @property
    def nadir(self) -> Array:
        """The objective of an expert on another task."""
        return np.full(self.n_tasks, self._growth.value(np.array(2 * self._spread)))

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Known for two and three tasks, and for four if `ref` is beyond the nadir."""
        check_reference(ref)
        return regular.volume(self.n_tasks, self._spread, self._growth, ref)

    @property
    def reach(self) -> float:
        """Largest share of the other expert in a minimiser of a weighted sum of two losses.

        It is 1/2 if the front is convex, where every share is the minimiser for some weights.
        """
        steepness = 2 * self._spread / self.width**2
        if steepness <= 2 + _TOLERANCE:
            return 0.5

        def log_slope(s: float) -> float:
            return float(np.log((1 - s) / s) - steepness * (1 - 2 * s))

        return float(brentq(log_slope, 1e-300, 0.5 - 1e-9, xtol=1e-300))

    @property
    def _growth(self) -> Growth:
        sharpness = self.width**-2
        whole = -np.expm1(-sharpness)
        return Growth(
            value=lambda d: -np.expm1(-sharpness * d) / whole,
            slope=lambda d: sharpness * np.exp(-sharpness * d) / whole,
            inverse=lambda g: float(-np.log1p(-g * whole) / sharpness) if g * whole < 1 else np.inf,
        )

    def _losses(self) -> Losses:
        sharpness, experts = self.width**-2, torch.from_numpy(self._task_vectors)

        def losses(displacement: Tensor) -> Tensor:
            return -torch.expm1(-sharpness * (displacement - experts).square().sum(dim=1))

        return losses
