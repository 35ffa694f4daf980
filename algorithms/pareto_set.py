"""Answers to preferences: one model, a finite set with the common selector, or a map."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..errors import ShapeError
from ..metrics.preference import check_preference
from ..problems.experts import Coefficients, ExpertPool
from ..problems.predictor import Predictor
from .scalarizations import achievement

Model = Coefficients | Tensor
"""A model: merging coefficients, or `(P,)` parameters where it is not in their span."""


Single = Model | Predictor
"""What answers every task alike: a model, or what costs more than one model's pass."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PerTask:
    """A model for each task, in their order: for users who know which task an input is of."""

    points: tuple[Model, ...]


Point = Single | PerTask
"""What answers a preference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ParetoSet(ABC):
    """What a fit returns: a model for every preference p (p_i is the importance of task i).

    Attributes:
        experts: The pool that coefficients refer to.
        trainable_parameters: How many numbers the fit adjusted.
    """

    output: ClassVar[str]
    experts: ExpertPool
    trainable_parameters: int = 0

    def point(self, preference: ArrayLike) -> Point:
        """What answers a preference `(m,)`, as coefficients where it has them.

        Raises:
            PreferenceError: If the preference is not on the simplex of m tasks.
        """
        with torch.no_grad():
            return self._point(check_preference(preference, self.experts.tasks))

    def coefficients(self, preference: ArrayLike) -> Coefficients | None:
        """The merging coefficients for a preference; None if the model is not in their span."""
        point = self.point(preference)
        return point if isinstance(point, Coefficients) else None

    def model(self, preference: ArrayLike) -> Tensor:
        """`(P,)` parameters of the model for a preference.

        Raises:
            ShapeError: If the answer is no single model; ask for `models` then.
        """
        point = self.point(preference)
        if not isinstance(point, Coefficients | Tensor):
            raise ShapeError(
                f"The answer must be one model. Found a {type(point).__name__} of "
                f"{len(_models(point))}. Call `models`, or `point` for how they predict."
            )
        with torch.no_grad():
            return self.experts.build(point)

    def models(self, preference: ArrayLike) -> list[Tensor]:
        """`(P,)` parameters of every model behind the answer.

        One; or one a task, in their order; or those that a predictor runs, which says itself how
        they become predictions.
        """
        with torch.no_grad():
            return [self.experts.build(model) for model in _models(self.point(preference))]

    @abstractmethod
    def _point(self, preference: NDArray[np.float64]) -> Point:
        """As `point`, for a checked preference."""

    @abstractmethod
    def storage_bytes(self) -> int:
        """Bytes that must be kept to answer every preference, experts included where needed."""


def _models(point: Point) -> tuple[Model, ...]:
    if isinstance(point, PerTask):
        return point.points
    return point.models if isinstance(point, Predictor) else (point,)


class Recipe(ABC):
    """A function from a preference to a point that can be stored.

    Subclasses are frozen dataclasses of plain values, tensors, pools and other recipes.
    """

    @abstractmethod
    def __call__(self, preference: Tensor) -> Point:
        """What answers a float32 preference `(m,)`."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ConstantSet(ParetoSet):
    """The same model whatever the preference."""

    output: ClassVar[str] = "constant"
    answer: Point

    def _point(self, preference: NDArray[np.float64]) -> Point:
        return self.answer

    def storage_bytes(self) -> int:
        """One model, or what a predictor keeps."""
        kept = self.answer.stored_bytes if isinstance(self.answer, Predictor) else 0
        return kept or self.experts.pretrained.nbytes


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FiniteSet(ParetoSet):
    """K models and the common selector: least achievement on validation estimates.

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
        """K models, or the pool and K coefficient arrays where that is less."""
        models = len(self.points) * self.experts.pretrained.nbytes
        if not all(isinstance(point, Coefficients) for point in self.points):
            return models
        recipes = sum(p.values.nbytes for p in self.points if isinstance(p, Coefficients))
        return min(models, self.experts.nbytes + recipes)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MapSet(ParetoSet):
    """A continuous map from preferences to models.

    Attributes:
        function: `(m,)` float32 preference to a point; must not change after it is handed in. A
            `Recipe` can be stored (`stored.save_answer`).
        state_bytes: Bytes of what the function holds besides the pool.
        needs_experts: False where the function answers without the pool.
    """

    output: ClassVar[str] = "map"
    function: Callable[[Tensor], Point]
    state_bytes: int = 0
    needs_experts: bool = True

    def _point(self, preference: NDArray[np.float64]) -> Point:
        return self.function(torch.from_numpy(preference).to(torch.float32))

    def storage_bytes(self) -> int:
        """The map's own state, and the pool where it is needed."""
        return self.state_bytes + (self.experts.nbytes if self.needs_experts else 0)
