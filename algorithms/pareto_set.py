"""Pareto sets: one model, a finite set with the common selector, or a map from preferences."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from typing import ClassVar, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..errors import ShapeError
from ..metrics.checks import check_preference
from ..problems.experts import Coefficients, ExpertPool
from ..problems.predictor import Predictor
from .scalarizations import achievement

Model = Coefficients | Tensor
"""A model: merging coefficients, or `(P,)` parameters if it is not in their span."""


Single = Model | Predictor
"""One point for all tasks: a model, or a predictor that costs more than one model's pass."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PerTask:
    """One model per task, in the order of the tasks, for users who know the task of an input."""

    points: tuple[Model, ...]


Point = Single | PerTask
"""The result of a Pareto set for a preference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ParetoSet(ABC):
    """The result of a fit: a model for every preference p (p_i is the importance of task i).

    Attributes:
        experts: The pool that coefficients refer to.
        trainable_parameters: Number of parameters that the fit adjusted.
    """

    output: ClassVar[str]
    experts: ExpertPool
    trainable_parameters: int = 0

    def point(self, preference: ArrayLike) -> Point:
        """Return the point for a preference `(m,)`, as coefficients if it has them.

        Raises:
            PreferenceError: If the preference is not on the simplex of m tasks.
        """
        with torch.no_grad():
            return self._point(check_preference(preference, self.experts.tasks))

    def coefficients(self, preference: ArrayLike) -> Coefficients | None:
        """Return the merging coefficients for a preference; None if the point has none."""
        point = self.point(preference)
        return point if isinstance(point, Coefficients) else None

    def model(self, preference: ArrayLike) -> Tensor:
        """Return the `(P,)` parameters of the model for a preference.

        Raises:
            ShapeError: If the point is not a single model.
        """
        point = self.point(preference)
        if not isinstance(point, Coefficients | Tensor):
            raise ShapeError(
                f"The point must be a single model. Found a {type(point).__name__} of "
                f"{len(_models(point))}. Call `models`, or `point` for how they predict."
            )
        with torch.no_grad():
            return self.experts.build(point)

    def models(self, preference: ArrayLike) -> list[Tensor]:
        """Return the `(P,)` parameters of every model behind the point.

        There is one model, or one per task in the order of the tasks, or all models that a
        predictor runs. The predictor defines how they become predictions.
        """
        with torch.no_grad():
            return [self.experts.build(model) for model in _models(self.point(preference))]

    @abstractmethod
    def _point(self, preference: NDArray[np.float64]) -> Point:
        """Same as `point`, for a preference that has been checked."""

    @abstractmethod
    def storage_bytes(self) -> int:
        """Return the bytes needed to serve every preference, including the experts if needed."""


def _models(point: Point) -> tuple[Model, ...]:
    if isinstance(point, PerTask):
        return point.points
    return point.models if isinstance(point, Predictor) else (point,)


class PreferenceMap(ABC):
    """A function from a preference to a point that can be stored in a file.

    Subclasses are frozen dataclasses of plain values, tensors, pools and other preference maps.
    """

    @abstractmethod
    def __call__(self, preference: Tensor) -> Point:
        """Return the point for a float32 preference `(m,)`."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ConstantSet(ParetoSet):
    """The same point for every preference.

    Attributes:
        constant: The point.
        stored_bytes: Bytes that must be kept, if not those of one model or of the predictor.
        answer: Deprecated name of `constant`.
    """

    output: ClassVar[str] = "constant"
    constant: Point = None  # type: ignore[assignment] # required, but may be given as `answer`
    stored_bytes: int | None = None
    answer: InitVar[Point | None] = None

    def __post_init__(self, answer: Point | None) -> None:
        """Accept the deprecated keyword `answer`."""
        if answer is not None:
            _warn_of_answer()
            object.__setattr__(self, "constant", answer)
        if self.constant is None:
            raise TypeError("ConstantSet must be given a point. Found none. Pass `constant=`.")

    def _point(self, preference: NDArray[np.float64]) -> Point:
        return self.constant

    def storage_bytes(self) -> int:
        """Return the bytes of one model, or what a predictor or a compressed form keeps."""
        if self.stored_bytes is not None:
            return self.stored_bytes
        kept = self.constant.stored_bytes if isinstance(self.constant, Predictor) else 0
        return kept or self.experts.pretrained.nbytes


def _warn_of_answer() -> None:
    warnings.warn(
        "`ConstantSet.answer` is deprecated: it is called `constant` now.",
        DeprecationWarning,
        stacklevel=4,
    )


def _answer(self: ConstantSet) -> Point:
    """Deprecated name of `constant`."""
    _warn_of_answer()
    return self.constant


# Set here, since a property in the class body would become the default of the argument.
ConstantSet.answer = property(_answer)  # type: ignore[attr-defined]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FiniteSet(ParetoSet):
    """K models and the common selector, which minimises the achievement on validation estimates.

    Attributes:
        points: The K models.
        objectives: `(K, m)` normalised validation objectives, measured within the budget.
    """

    output: ClassVar[str] = "finite"
    points: Sequence[Model]
    objectives: NDArray[np.float64]

    def _point(self, preference: NDArray[np.float64]) -> Point:
        return self.points[int(np.argmin(achievement(self.objectives, preference)))]

    def storage_bytes(self) -> int:
        """Return the bytes of K models, or of the pool and K coefficient arrays if that is less."""
        models = len(self.points) * self.experts.pretrained.nbytes
        if not all(isinstance(point, Coefficients) for point in self.points):
            return models
        coefficients = sum(p.values.nbytes for p in self.points if isinstance(p, Coefficients))
        return min(models, self.experts.nbytes + coefficients)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MapSet(ParetoSet):
    """A continuous map from preferences to points.

    Attributes:
        function: From a float32 preference `(m,)` to a point; must not change afterwards. A
            `PreferenceMap` can be stored (`pareto_set_files.save_pareto_set`).
        state_bytes: Bytes that the function holds besides the pool.
        needs_experts: False if the function works without the pool.
    """

    output: ClassVar[str] = "map"
    function: Callable[[Tensor], Point]
    state_bytes: int = 0
    needs_experts: bool = True

    def _point(self, preference: NDArray[np.float64]) -> Point:
        return self.function(torch.from_numpy(preference).to(torch.float32))

    def storage_bytes(self) -> int:
        """Return the bytes of the map's own state, and of the pool if it is needed."""
        return self.state_bytes + (self.experts.nbytes if self.needs_experts else 0)
