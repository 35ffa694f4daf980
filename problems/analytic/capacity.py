"""Tasks that share a limited capacity."""

from dataclasses import dataclass
from functools import cached_property
from math import comb, gamma
from typing import Annotated, Final, final

import numpy as np
import torch
from annotated_types import Interval
from numpy.typing import NDArray
from torch import Tensor

from . import geometry
from . import volumes as simplex
from .base import AnalyticProblem, NumberOfTasks, check_reference
from .oracle import Losses

Array = NDArray[np.float64]
_STRICTNESS: Final = 2.0
"""Penalty of exceeding the capacity; it is above 1 so that exceeding it is never worthwhile."""
_TINY: Final = 1e-150
"""Keeps the gradients of fractional powers finite at 0."""


@final
@dataclass(frozen=True, kw_only=True)
class CapacityProblem(AnalyticProblem):
    """Each task takes a share c_t of its expert, and the shares together are limited.

    L_t = 1 - u_t, u_t = sign(c_t) |c_t|^a - 2 (N^a - 1)_+ - |rest|^2 / 2, where c are the
    coordinates along orthonormal axes, one per task, `rest` is the part outside their span, and N
    is the b-norm of the positive c. (a, b) is (1, q) for q >= 1 and (1/q, 1) for q < 1. Expert t is
    at the end of axis t. For q >= 1 the pretrained model is at c = 0, so that task vectors are
    orthonormal. For q < 1 the power is above 1 and would be flat there; so each task starts with a
    share of 1 / (4 n_tasks) and a rest that cancels its gain.

    The pretrained model has u = 0, and expert t has u_t = 1 and otherwise u = 0, so g = 1 - u. The
    front is the part of the superellipse sum_t u_t^q = 1 with u >= 0: convex for q > 1, a simplex
    for q = 1, concave for q < 1. It is what models with N = 1, no rest and no negative share reach;
    all others are dominated: a rest and negative shares only cost, shares with N < 1 can grow, and
    for N > 1 dividing c by N improves every task, because c_t <= N gives
    c_t^a - (c_t / N)^a = c_t^a (1 - N^-a) <= N^a - 1 < 2 (N^a - 1).

    Args:
        n_tasks: Number of tasks, 2 to 10.
        q: Exponent of the front, 0.2 to 10.
    """

    n_tasks: NumberOfTasks = 2
    q: Annotated[float, Interval(ge=0.2, le=10)] = 2.0

    def front(self, k: int) -> Array:
        """About k objectives of the front, spread by direction from (1, ..., 1)."""
        directions = simplex.cover(self.n_tasks, k)
        lengths = (directions**self.q).sum(axis=1, keepdims=True) ** (1 / self.q)
        points: Array = 1 - directions / lengths
        return points

    @property
    def nadir(self) -> Array:
        """1: an expert is no better than the pretrained model on other tasks."""
        return np.ones(self.n_tasks)

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Known in closed form for every number of tasks, if `ref` is at least the nadir 1.

        V_n = Gamma(1 + 1/q)^n / Gamma(1 + n/q) is the volume under a superellipse of n axes
        (Dirichlet's integral). If `ref` exceeds the nadir by d, subsets of tasks may also be worse
        than the pretrained model: the sum over k of C(T, k) d^k V_(T - k).
        """
        check_reference(ref)
        if ref < 1:
            return None
        volumes = [
            gamma(1 + 1 / self.q) ** n / gamma(1 + n / self.q) for n in range(self.n_tasks + 1)
        ]
        terms = (
            comb(self.n_tasks, k) * (ref - 1) ** k * volume
            for k, volume in enumerate(reversed(volumes))
        )
        return float(sum(terms))

    @property
    def _directions(self) -> int:
        return self.n_tasks + 1

    @cached_property
    def _task_vectors(self) -> Array:
        axes, start = self._axes_and_start
        return axes - start

    @cached_property
    def _axes_and_start(self) -> tuple[Array, Array]:
        """`(m, P)` axes and the `(P,)` position of the pretrained model."""
        *axes, off = geometry.orthonormal(self._layout, self.n_tasks + 1)
        share = 0.0 if self.q >= 1 else 1 / (4 * self.n_tasks)
        cost = np.sqrt(2 * share ** (1 / self.q))
        return np.array(axes), share * np.sum(axes, axis=0) + cost * off

    def _losses(self) -> Losses:
        axes, start = (torch.from_numpy(part) for part in self._axes_and_start)
        a, b = (1.0, self.q) if self.q >= 1 else (1 / self.q, 1.0)

        def losses(displacement: Tensor) -> Tensor:
            place = start + displacement
            shares = axes @ place
            rest = place - shares @ axes
            gain = shares * shares.abs().clamp_min(_TINY) ** (a - 1)
            load = (shares.clamp_min(0) ** b).sum().clamp_min(1)  # N^b, or 1 within the capacity
            excess = load ** (a / b) - 1
            return 1 - gain + _STRICTNESS * excess + rest.square().sum() / 2

        return losses
