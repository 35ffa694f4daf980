"""State of a search: what it has measured, its remaining budget, and the finite set it ends in."""

import math
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from ...problems.experts import Coefficients
from ...problems.layout import Space
from ...problems.view import ProblemView
from ..pareto_set import FiniteSet
from ..training.rays import rays
from .representatives import representatives

Array = NDArray[np.float64]


@final
class Trial:
    """Measures coefficients on validation until the search's share of the budget is spent.

    The base model and the experts are in the answer from the start, with the values that the
    problem knows of them.

    Args:
        view: The problem.
        points: Most models to measure.
        examples: Examples of each task that a model is measured on, unless the budget covers
            `points` models on all of them, or all are no more.
        kept: Most models to measure again on all, if not all are measured on all. At most half
            of the budget is set aside for it.
        space: Of the coefficients.
    """

    def __init__(
        self, view: ProblemView, *, points: int, examples: int, kept: int, space: Space
    ) -> None:
        self._view, self._space = view, space
        self.tasks = len(view.tasks)
        groups = 1 if space == "task" else len(view.experts.layout.groups(space).names)
        self.dimensions = groups * self.tasks
        full, part = view.affordable_evaluations(), view.affordable_evaluations(examples)
        self._examples: int | None = None if full >= min(points, part) else examples
        self._kept = 0 if self._examples is None else int(min(kept, full // 2))
        share = 1 - self._kept / full if self._kept else 1.0
        self.count = int(min(points, full if self._examples is None else part * share))
        anchors, corners = view.anchors, np.eye(self.tasks)
        experts = corners if view.experts.original else corners[:0]
        self._known = np.tile(np.vstack([0 * corners[:1], experts]), groups)
        values = np.vstack([anchors.pretrained, anchors.experts[: len(experts)]])
        self._known_objectives = anchors.objectives(values)
        self.rows: Array = np.zeros((0, self.dimensions))
        self.objectives: Array = np.zeros((0, self.tasks))
        view.milestone(self.answer)

    @property
    def left(self) -> int:
        """How many more models may be measured."""
        return self.count - len(self.rows)

    def measure(self, rows: Array) -> Array:
        """`(k, m)` objectives g of the first k = min(n, left) rows of coefficients `(n, d)`."""
        rows = rows[: self.left]
        for row in rows:
            self.objectives = np.vstack([self.objectives, self._objectives(row, self._examples)])
            self.rows = np.vstack([self.rows, row])
            self._view.milestone(self.answer)
        return self.objectives[len(self.objectives) - len(rows) :]

    def data(self) -> tuple[Array, Array, Array]:
        """`(n, d)` coefficients, `(n, m)` objectives and `(n, m)` variances of all that is known.

        The variance of an accuracy a on n examples is a (1 - a) / n, with a half an example off 0
        and 1 at least; that of a loss is taken to be 0.
        """
        objectives = np.vstack([self._known_objectives, self.objectives])
        rows = np.vstack([self._known, self.rows])
        anchors = self._view.anchors
        if anchors.quantity == "loss":
            return rows, objectives, np.zeros_like(objectives)
        part = anchors.n if self._examples is None else np.minimum(anchors.n, self._examples)
        n = np.vstack([*[anchors.n] * len(self._known), *[part] * len(self.rows)])
        gain = anchors.expert - anchors.pretrained
        accuracy = np.clip(anchors.expert - gain * objectives, 0.5 / n, 1 - 0.5 / n)
        return rows, objectives, accuracy * (1 - accuracy) / n / gain**2

    def settle(self, generator: torch.Generator) -> FiniteSet:
        """The answer: representatives of what was measured, measured again on all of validation.

        Where all was measured on all already, that is the answer as it is.

        Args:
            generator: Draws the preferences they represent.
        """
        if not self._kept:
            return self.answer()
        chosen = representatives(
            self.objectives,
            known=self._known_objectives,
            count=int(min(self._kept, self._view.affordable_evaluations())),
            generator=generator,
        )
        self.rows = self.rows[chosen]
        measured = [self._objectives(row, None) for row in self.rows]
        self.objectives = np.reshape(measured, (len(chosen), self.tasks))
        self._view.milestone(self.answer)
        return self.answer()

    def answer(self) -> FiniteSet:
        """The base model, the experts and what was measured, with the common selector."""
        rows = np.vstack([self._known, self.rows])
        return FiniteSet(
            experts=self._view.experts,
            points=tuple(self._coefficients(row) for row in rows),
            objectives=np.vstack([self._known_objectives, self.objectives]),
            trainable_parameters=self.dimensions,
        )

    def _objectives(self, row: Array, examples: int | None) -> Array:
        return self._view.objectives(self._coefficients(row), examples=examples)

    def _coefficients(self, row: Array) -> Coefficients:
        values = torch.from_numpy(row.copy()).to(torch.float32)
        shaped = values if self._space == "task" else values.reshape(-1, self.tasks)
        return Coefficients(values=shaped, space=self._space)


_LEAST: Final = 1e-3
"""Importance of a task at least, so that a pair of tasks that is asked nothing has a best."""


def inner_rays(m: int, at_most: int) -> Array:
    """`(r, m)` rays other than the corners, the most even first, no task without importance.

    Of the finest lattice that fits, or that of the centre and the midpoints of all edges. At the
    corners stand the experts, which are known.

    >>> inner_rays(2, 3).round(3).tolist()
    [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]
    """
    edges = math.comb(m + 1, 2) + 1
    lattice = rays(m, max(at_most + m, edges)).double().numpy()
    inner = lattice[lattice.max(axis=1) < 1]
    order = np.argsort((inner**2).sum(axis=1), kind="stable")[:at_most]
    clipped = np.maximum(inner[order], _LEAST)
    even: Array = clipped / clipped.sum(axis=1, keepdims=True)
    return even
