"""What every analytic problem is: closed-form losses, a pool, and a Pareto front that is known."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ParameterError
from ..base import Anchors, Oracle, Problem, Split
from ..cache import digest
from ..experts import ExpertPool
from ..layout import Layout
from . import geometry
from .oracle import AnalyticOracle, Losses, draw_tilts

Array = NDArray[np.float64]
VERSION: Final = 1
"""Raised when a formula changes: other problems of the same names, with other hashes."""
FRONT_POINTS: Final = 2000
"""About so many points sample the true front."""
MOST_TASKS: Final = 10


@dataclass(frozen=True, kw_only=True)
class AnalyticProblem(Problem, ABC):
    """Experts at known places, losses by formula; the raw metric is the loss.

    The front is that over all parameters, not only over what merging coefficients reach. Base,
    experts and losses are computed in float64; the pool holds them rounded to float32.

    Attributes:
        dimension: P, the number of parameters.
        noise: Deviation of one example's g at a model as far from the base as the expert is.
            Calibration and validation have tilted examples then; the test is exact.
    """

    dimension: int = 64
    noise: float = 0.0

    def __post_init__(self) -> None:
        require("noise", self.noise, at_least=0)
        self._check()
        names = tuple(f"t{i + 1}" for i in range(len(self._task_vectors)))
        object.__setattr__(self, "tasks", names)

    @abstractmethod
    def _check(self) -> None:
        """Refuse knobs out of range.

        Raises:
            ParameterError: If one is.
        """

    @property
    @abstractmethod
    def _directions(self) -> int:
        """How many independent directions every tensor must have room for."""

    @cached_property
    @abstractmethod
    def _task_vectors(self) -> Array:
        """`(m, P)` float64, expert minus base."""

    @abstractmethod
    def _losses(self) -> Losses:
        """The formula, least possible value 0 for each task."""

    @abstractmethod
    def front(self, k: int) -> Array:
        """About k objectives g `(k, m)` spread over the true Pareto front, its ends among them."""

    @property
    @abstractmethod
    def nadir(self) -> Array:
        """`(m,)` worst objective g of each task over the true Pareto front."""

    @abstractmethod
    def maximal_hypervolume(self, ref: float) -> float | None:
        """Hypervolume of the true front up to (ref, ..., ref), in g; None where it is not known.

        Correct to 1e-9 wherever it is stated.
        """

    @property
    def ideal(self) -> Array:
        """`(m,)` best objective g of each task: 0, the expert's."""
        return np.zeros(len(self.tasks))

    def true_front(self) -> Array:
        """Objectives g of about 2,000 points of the true Pareto front."""
        return self.front(FRONT_POINTS)

    def hash(self) -> str:
        """Digest of the formula's version and every knob."""
        return digest([type(self).__name__, asdict(self), VERSION])

    def pool(self) -> ExpertPool:
        """Base and task vectors, rounded to float32."""
        return ExpertPool(
            pretrained=torch.from_numpy(geometry.base(self.dimension)).float(),
            task_vectors=torch.from_numpy(self._task_vectors).float(),
            layout=self._layout,
            names=self.tasks,
        )

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The formula, and the tilts of these splits only."""
        return self._oracle(splits)

    def anchors(self, split: Split) -> Anchors:
        """Base, experts and average: exact, but for the tilts of a noisy split."""
        oracle = self._oracle(frozenset({split}))
        vectors = torch.from_numpy(self._task_vectors)
        models = [torch.zeros(self.dimension).double(), *vectors, vectors.mean(0)]
        measured = [oracle.measure_displacement(x, split) for x in models]
        rows = np.array([m.value for m in measured])
        base, experts, average = rows[0], rows[1:-1], rows[-1]
        return Anchors(
            pretrained=base,
            experts=experts,
            average=average,
            pretrained_loss=base,
            experts_loss=experts,
            average_loss=average,
            n=measured[0].n,
            quantity="loss",
        )

    @property
    def _layout(self) -> Layout:
        return geometry.layout(self.dimension, self._directions)

    def _oracle(self, splits: frozenset[Split]) -> AnalyticOracle:
        losses = self._losses()
        base = losses(torch.zeros(self.dimension).double()).numpy()
        lengths = np.linalg.norm(self._task_vectors, axis=1)
        scales = (self.noise * base / lengths).tolist()
        return AnalyticOracle(
            base=torch.from_numpy(geometry.base(self.dimension)),
            losses=losses,
            tilts={split: draw_tilts(split, self.dimension, scales) for split in splits},
        )


def require(
    name: str,
    value: float,
    *,
    at_least: float = -np.inf,
    above: float = -np.inf,
    at_most: float = np.inf,
) -> None:
    """Refuse a knob that is not a finite number in its range.

    Raises:
        ParameterError: If it is not.
    """
    if np.isfinite(value) and at_least <= value <= at_most and value > above:
        return
    bounds: Mapping[str, float] = {"at least": at_least, "above": above, "at most": at_most}
    wanted = " and ".join(f"{w} {b:g}" for w, b in bounds.items() if np.isfinite(b))
    raise ParameterError(f"`{name}` must be {wanted or 'finite'}. Found {value:g}.")
