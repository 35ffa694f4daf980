"""The data of a surrogate: merges measured on validation, and models with known values."""

from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..training.measured_pool import MeasuredPool
from .surrogate import QuadraticSurrogate

Array = NDArray[np.float64]
_FEWEST: Final = 32
"""Smallest number of examples of each task: with fewer, noise hides the differences."""


@final
class Design:
    """Coefficients and their values; the pretrained model and the experts are free.

    The measured models are a milestone of the fit.

    Args:
        view: The problem.
        examples: Validation examples of each task on which a merge is measured.
    """

    def __init__(self, view: ProblemView, *, examples: int) -> None:
        m, anchors = len(view.tasks), view.anchors
        self.points: Array = np.vstack([np.zeros(m), np.eye(m)])
        self.values: Array = np.vstack([anchors.pretrained, anchors.experts])
        self._n: Array = np.tile(anchors.n.astype(np.float64), (m + 1, 1))
        self._quantity = anchors.quantity
        self._examples = examples
        self._pool = MeasuredPool(view, trainable_parameters=m)
        self._pool.add_anchors()

    def measure(self, rows: Array) -> None:
        """Measure coefficients `(k, m)` and add them."""
        for row in rows:
            values = torch.from_numpy(row).to(torch.float32)
            found = self._pool.measure(Coefficients(values=values), examples=self._examples)
            # The surrogate is fitted at the coefficients that were measured, which are in float32.
            self.points = np.vstack([self.points, values.double().numpy()])
            self.values = np.vstack([self.values, found.value])
            self._n = np.vstack([self._n, found.n])

    def fit(self, ridge: float) -> QuadraticSurrogate:
        """Return the surrogate of all points so far; `ridge` penalises the fit to accuracies."""
        if self._quantity == "loss":
            return QuadraticSurrogate.fit_losses(self.points, self.values)
        return QuadraticSurrogate.fit(self.points, self.values, self._n, ridge=ridge)


def affordable_examples(view: ProblemView, *, at_most: int, designs: int) -> int:
    """Halve `at_most` until this many designs take at most two thirds of the budget."""
    examples = at_most
    while examples >= 2 * _FEWEST and view.affordable_evaluations(examples) < 1.5 * designs:
        examples //= 2
    return examples
