"""Tasks that share a limited capacity."""

from dataclasses import dataclass
from functools import cached_property
from math import comb, gamma
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import geometry
from . import volumes as simplex
from .base import MOST_TASKS, AnalyticProblem, require
from .oracle import Losses

Array = NDArray[np.float64]
_STRICTNESS: Final = 2.0
"""Penalty of exceeding the capacity; above 1, so that it never pays."""
_TINY: Final = 1e-150
"""Keeps gradients of fractional powers at 0 finite."""


@final
@dataclass(frozen=True, kw_only=True)
class CapacityProblem(AnalyticProblem):
    """Every task takes a share c_t of its expert; all shares together are limited.

    L_t = 1 - u_t, u_t = sign(c_t) |c_t|^a - 2 (N^a - 1)_+ - |rest|^2 / 2, where c are coordinates
    along orthonormal axes, one a task, `rest` what lies outside their span, N the b-norm of the
    positive c. (a, b) is (1, q) for q >= 1 and (1/q, 1) for q < 1. Expert t is at the end of axis
    t. The base is at c = 0 for q >= 1, so that task vectors are orthonormal; there a power above 1
    would be flat, so for q < 1 every task has 1 / (4 n_tasks) of its axis already, and a rest that
    takes all of it away again.

    The base has u = 0, expert t has u_t = 1 and u = 0 else, so g = 1 - u. The front is the part of
    the superellipse sum_t u_t^q = 1 with u >= 0: convex for q > 1, a simplex for q = 1, concave for
    q < 1. For it is what N <= 1 without a rest or a negative share can reach, and all else is
    dominated: a rest and negative shares only cost; shares with N < 1 can grow; and with N > 1, c
    divided by N is better for every task, because c_t <= N gives
    c_t^a - (c_t / N)^a = c_t^a (1 - N^-a) <= N^a - 1 < 2 (N^a - 1).

    Args:
        n_tasks: 2 to 10.
        q: Exponent of the front, 0.2 to 10.
    """

    n_tasks: int = 2
    q: float = 2.0

    def front(self, k: int) -> Array:
        """About k objectives of the front, spread by direction from (1, ..., 1)."""
        directions = simplex.cover(self.n_tasks, k)
        lengths = (directions**self.q).sum(axis=1, keepdims=True) ** (1 / self.q)
        points: Array = 1 - directions / lengths
        return points

    @property
    def nadir(self) -> Array:
        """An expert is no better than the base on other tasks."""
        return np.ones(self.n_tasks)

    def maximal_hypervolume(self, ref: float) -> float | None:
        """In closed form for every number of tasks, if `ref` is at least the nadir 1.

        V_n = Gamma(1 + 1/q)^n / Gamma(1 + n/q) is the volume under a superellipse of n axes
        (Dirichlet's integral). Beyond it by d, each subset of tasks may be worse than the base:
        sum over k of C(T, k) d^k V_(T - k).
        """
        require("ref", ref, above=0)
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

    def _check(self) -> None:
        require("n_tasks", self.n_tasks, at_least=2, at_most=MOST_TASKS)
        require("q", self.q, at_least=0.2, at_most=10)

    @property
    def _directions(self) -> int:
        return self.n_tasks + 1

    @cached_property
    def _task_vectors(self) -> Array:
        axes, start = self._axes_and_start
        return axes - start

    @cached_property
    def _axes_and_start(self) -> tuple[Array, Array]:
        """`(m, P)` axes, and `(P,)` where the base is."""
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
