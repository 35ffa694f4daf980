"""The base classes of analytic problems: closed-form losses, a pool, and a known Pareto front."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, Final

import numpy as np
import torch
from annotated_types import Interval
from numpy.typing import NDArray

from ...domains import Count, Domain, NonNegativeFloat, PositiveFloat, check_fields
from ..base import Anchors, Oracle, Problem, Split
from ..cache import digest
from ..experts import ExpertPool
from ..layout import Layout
from . import geometry
from .oracle import AnalyticOracle, Losses, draw_tilts

Array = NDArray[np.float64]
VERSION: Final = 1
"""Raised when a formula changes, so that problems get other hashes under the same names."""
FRONT_POINTS: Final = 2000
"""Approximate number of points that sample the true front."""
MOST_TASKS: Final = 10
NumberOfTasks = Annotated[int, Interval(ge=2, le=MOST_TASKS)]
_REFERENCE: Final = Domain(annotation=PositiveFloat)
Angle = Annotated[float, Interval(gt=0, le=180)]
"""Degrees between two task vectors; in another direction they would be equal."""


@dataclass(frozen=True, kw_only=True)
class AnalyticProblem(Problem, ABC):
    """Experts at known positions with closed-form losses; the raw metric is the loss.

    The front is the one over all parameters, not only over the models that merging coefficients
    reach. Models and losses are computed in float64; the pool rounds them to float32.

    Attributes:
        dimension: P, the number of parameters.
        noise: Standard deviation of one example's g, at a model as far from the pretrained model as
            the expert is. It applies to calibration and validation; the test is exact.
    """

    dimension: Count = 64
    noise: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        """Check that every parameter is in its domain, and name the tasks.

        Raises:
            ParameterError: If one is not.
        """
        check_fields(self)
        names = tuple(f"t{i + 1}" for i in range(len(self._task_vectors)))
        object.__setattr__(self, "tasks", names)

    @property
    @abstractmethod
    def _directions(self) -> int:
        """Number of independent directions that every tensor must be able to hold."""

    @cached_property
    @abstractmethod
    def _task_vectors(self) -> Array:
        """`(m, P)` experts minus pretrained model, float64."""

    @abstractmethod
    def _losses(self) -> Losses:
        """The losses as a function; the smallest possible value of each task is 0."""

    @abstractmethod
    def front(self, k: int) -> Array:
        """About k objectives g `(k, m)` spread over the true Pareto front, including its ends."""

    @property
    @abstractmethod
    def nadir(self) -> Array:
        """`(m,)` largest objective g of each task on the true Pareto front."""

    @abstractmethod
    def maximal_hypervolume(self, ref: float) -> float | None:
        """Hypervolume of the true front up to (ref, ..., ref), in g, correct to 1e-9.

        None where it is not known.
        """

    @property
    def ideal(self) -> Array:
        """`(m,)` smallest objective g of each task: 0, at its expert."""
        return np.zeros(len(self.tasks))

    def true_front(self) -> Array:
        """Objectives g of about 2,000 points on the true Pareto front."""
        return self.front(FRONT_POINTS)

    def hash(self) -> str:
        """Digest of the formula's version and all parameters."""
        return digest([type(self).__name__, asdict(self), VERSION])

    def pool(self) -> ExpertPool:
        """Pretrained model and task vectors, rounded to float32."""
        return ExpertPool(
            pretrained=torch.from_numpy(geometry.pretrained(self.dimension)).float(),
            task_vectors=torch.from_numpy(self._task_vectors).float(),
            layout=self._layout,
            names=self.tasks,
        )

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The losses, with the tilts of the given splits only."""
        return self._oracle(splits)

    def anchors(self, split: Split) -> Anchors:
        """Pretrained model, experts and average; exact except for the tilts of a noisy split."""
        oracle = self._oracle(frozenset({split}))
        vectors = torch.from_numpy(self._task_vectors)
        models = [torch.zeros(self.dimension).double(), *vectors, vectors.mean(0)]
        measured = [oracle.measure_displacement(x, split) for x in models]
        rows = np.array([m.value for m in measured])
        pretrained, experts, average = rows[0], rows[1:-1], rows[-1]
        return Anchors(
            pretrained=pretrained,
            experts=experts,
            average=average,
            pretrained_loss=pretrained,
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
        pretrained = losses(torch.zeros(self.dimension).double()).numpy()
        lengths = np.linalg.norm(self._task_vectors, axis=1)
        scales = (self.noise * pretrained / lengths).tolist()
        return AnalyticOracle(
            pretrained=torch.from_numpy(geometry.pretrained(self.dimension)),
            losses=losses,
            tilts={split: draw_tilts(split, self.dimension, scales) for split in splits},
        )


@dataclass(frozen=True, kw_only=True)
class EquiangularProblem(AnalyticProblem, ABC):
    """Experts at distance 1 from the pretrained model, with one angle between any two of them.

    The angle is the same within every tensor.

    Attributes:
        n_tasks: Number of tasks, 2 to 10.
        angle: Degrees between any two task vectors; cos(angle) >= -1 / (n_tasks - 1).
    """

    n_tasks: NumberOfTasks = 2
    angle: Angle = 90.0

    @property
    def _directions(self) -> int:
        return self.n_tasks

    @cached_property
    def _task_vectors(self) -> Array:
        rows = geometry.orthonormal(self._layout, self.n_tasks)
        return geometry.equally_correlated(rows, 1 - self._spread)

    @property
    def _spread(self) -> float:
        return float(1 - np.cos(np.radians(self.angle)))


def check_reference(ref: float) -> None:
    """Check that a coordinate of a reference point is a number above 0.

    Raises:
        ParameterError: If it is not.
    """
    _REFERENCE.check("ref", ref)
