"""The state of a search: measured models, remaining budget, and the finite set of the best."""

from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from ...problems.experts import Coefficients
from ...problems.layout import Space
from ...problems.view import ProblemView
from ..pareto_set import FiniteSet
from ..scalarizations import achievement

Array = NDArray[np.float64]
_PREFERENCES: Final = 512
"""Number of random preferences over which representatives are judged."""


@final
class Trial:
    """Measures coefficients on validation until the search's share of the budget is spent.

    The pretrained model and the experts are in the finite set from the start, with known values.

    Args:
        view: The problem.
        points: Maximum number of models to measure.
        examples: Number of examples of each task on which a model is measured; all examples if the
            budget covers `points` models on all, or if there are not more.
        kept: Maximum number of models that are measured again on all examples, if the search uses
            fewer. At most half of the budget is reserved for it.
        space: Granularity of the coefficients.
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
        # The search gets what measuring the representatives on the whole validation split does not
        # need.
        share = 1 - self._kept / full if self._kept else 1.0
        self.count = int(min(points, full if self._examples is None else part * share))
        anchors, corners = view.anchors, np.eye(self.tasks)
        experts = corners if view.experts.original else corners[:0]
        self._known = np.tile(np.vstack([0 * corners[:1], experts]), groups)
        values = np.vstack([anchors.pretrained, anchors.experts[: len(experts)]])
        self._known_objectives = anchors.objectives(values)
        self.rows: Array = np.zeros((0, self.dimensions))
        self.objectives: Array = np.zeros((0, self.tasks))
        # A fit whose budget ends before the first measurement still returns the known models.
        view.milestone(self.pareto_set)

    @property
    def left(self) -> int:
        """The number of models that may still be measured."""
        return self.count - len(self.rows)

    def measure(self, rows: Array) -> Array:
        """Measure the first k = min(n, left) rows of `(n, d)` and return `(k, m)` objectives g."""
        rows = rows[: self.left]
        for row in rows:
            self.objectives = np.vstack([self.objectives, self._objectives(row, self._examples)])
            self.rows = np.vstack([self.rows, row])
            self._view.milestone(self.pareto_set)
        return self.objectives[len(self.objectives) - len(rows) :]

    def data(self) -> tuple[Array, Array, Array]:
        """Return coefficients `(n, d)`, objectives and variances `(n, m)` of all known models.

        The variance of an accuracy a on n examples is a (1 - a) / n, with a at least half an
        example away from 0 and 1; that of a loss is assumed to be 0.
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
        """Measure representatives again on the whole validation split, and return their finite set.

        If all models were measured on all examples, the finite set is returned as it is.

        Args:
            generator: Draws the preferences that are represented.
        """
        if not self._kept:
            return self.pareto_set()
        chosen = representatives(
            self.objectives,
            known=self._known_objectives,
            count=int(min(self._kept, self._view.affordable_evaluations())),
            generator=generator,
        )
        self.rows = self.rows[chosen]
        measured = [self._objectives(row, None) for row in self.rows]
        self.objectives = np.reshape(measured, (len(chosen), self.tasks))
        self._view.milestone(self.pareto_set)
        return self.pareto_set()

    def pareto_set(self) -> FiniteSet:
        """Return the pretrained model, the experts and the measured models, with the selector."""
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


def representatives(
    objectives: Array, *, known: Array, count: int, generator: torch.Generator
) -> NDArray[np.int64]:
    """Return indices of at most `count` models that serve the preferences best together.

    The model added next is the one that most lowers the smallest achievement, averaged over
    Dirichlet(1) preferences; models that help no preference are left out. This is the greedy choice
    of a subset with the lowest R2 indicator, with the platform's utility.

    Args:
        objectives: `(n, m)` objectives of the models to choose from.
        known: `(k, m)` objectives of models that are kept in any case, with k at least 1.
        count: Maximum number of models to choose.
        generator: Draws the preferences.

    Source: Hansen and Jaszkiewicz 1998, R2; greedy inclusion as in Guerreiro et al. 2021,
    https://arxiv.org/abs/2005.00515, section 3.5, for the hypervolume.
    """
    # These preferences are the search's own: the scoring preferences are hidden from every fit.
    seed = int(torch.randint(2**31, (1,), generator=generator))
    preferences = np.random.default_rng(seed).dirichlet(np.ones(objectives.shape[1]), _PREFERENCES)
    best = _utilities(known, preferences).min(axis=0)
    utilities = _utilities(objectives, preferences)
    chosen: list[int] = []
    while len(chosen) < count:
        totals = np.minimum(utilities, best).sum(axis=1)
        index = int(totals.argmin())
        if not totals[index] < best.sum():
            break
        chosen.append(index)
        best = np.minimum(best, utilities[index])
    return np.array(chosen, dtype=np.int64)


def _utilities(objectives: Array, preferences: Array) -> Array:
    """Return the `(n, p)` achievement of every model for every preference."""
    return np.stack([achievement(objectives, p) for p in preferences], axis=1)
