"""Two tasks whose experts are separated by barriers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, final

import numpy as np
import torch
from annotated_types import Interval
from numpy.typing import NDArray
from torch import Tensor

from . import geometry
from .base import AnalyticProblem, check_reference
from .oracle import Losses
from .volumes import area

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_GRID: Final = 1001
"""Number of positions at which an interval is evaluated before its ends are located."""
_FINE_GRID: Final = 8001
"""Positions per barrier before intervals are known; ten fall into the narrowest interval."""
_HALVINGS: Final = 50
"""Bisections of a grid step, after which the ends of pieces are exact to rounding."""


@final
@dataclass(frozen=True, kw_only=True)
class BarrierProblem(AnalyticProblem):
    """L_1 = s^2 + r, L_2 = (1 - s)^2 + r, with r = height sin^2(barriers pi s) + |off axis|^2.

    s runs along the line from expert 1 (0) to expert 2 (1). The pretrained model lies off that
    line, beside expert 1 at distance 1; its losses are 1 and 2, so g_1 = L_1 and g_2 = L_2 / 2. The
    Pareto set is part of the segment between the experts: leaving the line costs both tasks, and a
    point beyond an end is dominated by its mirror image or by the expert. The pieces of the front
    lie around the valleys between the barriers, at s = j / barriers. A single barrier of height 4
    leaves no valley, and every merge of the experts with 0.2 <= s <= 0.75 is worse than the
    pretrained model on both tasks.

    Args:
        barriers: Number of barriers between the experts, 1 to 10; there is one valley less.
        height: Height of the barriers, above 0 and at most 5.
    """

    barriers: Annotated[int, Interval(ge=1, le=10)] = 3
    height: Annotated[float, Interval(gt=0, le=5)] = 0.3

    def front(self, k: int) -> Array:
        """About k objectives of the front, distributed over its pieces by their length."""
        spans = self.spans
        total = sum(stop - start for start, stop in spans)
        counts = [max(2, round(k * (stop - start) / total)) for start, stop in spans]
        positions = [np.linspace(*span, n) for span, n in zip(spans, counts, strict=True)]
        return self._curve(np.concatenate(positions))

    @property
    def nadir(self) -> Array:
        """The objective of each expert on the other task."""
        return np.array([1.0, 0.5])

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Known for every reference point: the area under a few smooth curves."""
        check_reference(ref)
        return area(self._curve, self.spans, (ref, ref))

    @cached_property
    def spans(self) -> list[tuple[float, float]]:
        """Intervals of s that form the Pareto set, in order; ends are accurate to about 1e-15."""
        rising = self._rising
        found: list[tuple[float, float]] = []
        for own, span in enumerate(rising):
            others = rising[:own] + rising[own + 1 :]

            def free(s: Array, others: list[tuple[float, float]] = others) -> Mask:
                return ~self._dominated(s, others)

            found += _runs(free, np.linspace(*span, _GRID))
        return found

    @property
    def _rising(self) -> list[tuple[float, float]]:
        """Intervals on which g_1 increases and g_2 decreases, so that no two points dominate."""

        def critical(s: Array) -> Mask:
            frequency = 2 * np.pi * self.barriers
            slope = self.height * frequency / 2 * np.sin(frequency * s)
            return np.asarray((2 * s + slope >= 0) & (2 * s - 2 + slope <= 0))

        return _runs(critical, np.linspace(0, 1, _FINE_GRID * self.barriers))

    def _dominated(self, s: Array, others: list[tuple[float, float]]) -> Mask:
        """Return whether a point of the other intervals is as good in g_1 and better in g_2."""
        first, second = self._curve(s).T
        dominated = np.zeros(len(s), dtype=bool)
        for start, stop in others:
            (nearest, _), (farthest, best) = self._curve(np.array([start, stop]))
            dominated |= (farthest <= first) & (best < second)
            part = np.flatnonzero(~dominated & (nearest <= first) & (first < farthest))
            if len(part):
                last = self._last_below(first[part], start, stop)
                dominated[part] = self._curve(last)[:, 1] < second[part]
        return dominated

    def _last_below(self, first: Array, start: float, stop: float) -> Array:
        """Return the position in a rising interval where g_1 reaches `first`, a value inside it."""
        low, high = np.full_like(first, start), np.full_like(first, stop)
        return _halve(lambda s: self._curve(s)[:, 0] <= first, low, high)

    def _curve(self, s: Array) -> Array:
        barrier = self.height * np.sin(np.pi * self.barriers * s) ** 2
        return np.stack([s**2 + barrier, ((1 - s) ** 2 + barrier) / 2], axis=1)

    @property
    def _directions(self) -> int:
        return 2

    @cached_property
    def _task_vectors(self) -> Array:
        along, off = geometry.orthonormal(self._layout, 2)
        return np.stack([off, off + along])

    def _losses(self) -> Losses:
        along, off = torch.from_numpy(geometry.orthonormal(self._layout, 2))
        ends = torch.tensor([0.0, 1.0]).double()

        def losses(displacement: Tensor) -> Tensor:
            s = along @ displacement
            rest = (displacement - off - s * along).square().sum()
            barrier = self.height * torch.sin(torch.pi * self.barriers * s).square()
            total: Tensor = (s - ends).square() + barrier + rest
            return total

        return losses


def _runs(good: Callable[[Array], Mask], grid: Array) -> list[tuple[float, float]]:
    """Return the intervals on which `good` holds, with ends located between grid points."""
    held = good(grid)
    steps = np.diff(np.concatenate([[False], held, [False]]).astype(np.int64))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1
    low = _halve(good, grid[starts], grid[np.maximum(starts - 1, 0)])
    high = _halve(good, grid[stops], grid[np.minimum(stops + 1, len(grid) - 1)])
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _halve(good: Callable[[Array], Mask], inside: Array, outside: Array) -> Array:
    """Return the last good positions from `inside`, where `good` holds, towards `outside`."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        holds = good(middle)
        inside, outside = np.where(holds, middle, inside), np.where(holds, outside, middle)
    return inside
