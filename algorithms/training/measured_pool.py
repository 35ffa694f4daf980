"""Models measured on validation one after another, and the finite set they make."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from ...problems.base import Measurement
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..pareto_set import FiniteSet, Model


@final
class MeasuredPool:
    """The models an algorithm has measured so far; after each one they are its answer so far.

    Args:
        view: The problem.
        trainable_parameters: How many numbers the algorithm adjusts.
    """

    def __init__(self, view: ProblemView, *, trainable_parameters: int) -> None:
        self.points: list[Model] = []
        self._objectives: list[NDArray[np.float64]] = []
        self._view = view
        self._trainable_parameters = trainable_parameters

    def add_anchors(self) -> None:
        """Add the base model and the experts, whose full validation values are known and free.

        Over altered vectors only the base model is a known one.
        """
        anchors = self._view.anchors
        if not self._view.experts.original:
            self.points.append(Coefficients(values=torch.zeros(len(self._view.experts))))
            self._objectives.append(anchors.objectives(anchors.pretrained))
            self._view.milestone(self.answer)
            return
        corners = torch.eye(len(self._view.tasks))
        self.points += [
            Coefficients(values=row) for row in (torch.zeros_like(corners[0]), *corners)
        ]
        self._objectives += [anchors.objectives(v) for v in (anchors.pretrained, *anchors.experts)]
        self._view.milestone(self.answer)

    def measure(self, point: Model, *, examples: int | None = None) -> Measurement:
        """Measure a model on validation, or on the first `examples` of each task, and add it."""
        measurement = self._view.evaluate(point, examples=examples)
        self._objectives.append(self._view.anchors.objectives(measurement.value))
        self.points.append(point)
        self._view.milestone(self.answer)
        return measurement

    def answer(self) -> FiniteSet:
        """The models so far, with the common selector."""
        return FiniteSet(
            experts=self._view.experts,
            points=tuple(self.points),
            objectives=np.vstack(self._objectives),
            trainable_parameters=self._trainable_parameters,
        )
