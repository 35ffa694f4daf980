"""Nested MAP: for each preference, merge two models at a time, up a tree."""

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Final, final

import numpy as np
import torch
from annotated_types import Ge
from numpy.typing import NDArray

from ...domains import Count
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ...ranges import Choices
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..scalarizations import achievement
from ..training.measured_pool import MeasuredPool, sobol
from ..training.rays import inner_rays
from ..training.tuned import Examples, Ridge, Upper
from .design import affordable_examples
from .surrogate import QuadraticSurrogate

Array = NDArray[np.float64]
_SIDE: Final = 101
"""Number of grid points along each of the two coefficients: steps of 0.01 in the unit box."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """A model for some of the tasks.

    Attributes:
        coefficients: `(m,)` float32 merging coefficients, as float64.
        tasks: Indices of its tasks.
        values: `(m,)` values of the model on every task.
        n: `(m,)` numbers of examples on which they were measured.
    """

    coefficients: Array
    tasks: tuple[int, ...]
    values: Array
    n: Array

    def metric(self, preference: Array) -> float:
        """Return the mean value of the node's own tasks, weighted by their importance."""
        tasks = list(self.tasks)
        return float(np.average(self.values[tasks], weights=preference[tasks]))


@final
class PairDesign:
    """The measurements of a pair of models, and the best point that they predict.

    Args:
        view: The problem.
        coefficients: `(k, 2)` coefficients of the first and of the second model, for every pair.
        examples: Validation examples of each task on which a merge is measured.
        upper: Upper end of the box [0, upper]^2 that is searched for the best point.
        ridge: Relative penalty of the fit to accuracies.
    """

    def __init__(
        self, view: ProblemView, *, coefficients: Array, examples: int, upper: float, ridge: float
    ) -> None:
        self._view = view
        self._coefficients = coefficients
        self._examples = examples
        self._ridge = ridge
        side = np.linspace(0, upper, _SIDE)
        self._grid: Array = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)

    def leaves(self) -> list[Node]:
        """Return the experts, one per task, whose values are known and free."""
        anchors, m = self._view.anchors, len(self._view.tasks)
        return [
            Node(
                coefficients=np.eye(m)[i],
                tasks=(i,),
                values=anchors.experts[i],
                n=anchors.n.astype(np.float64),
            )
            for i in range(m)
        ]

    def best(self, a: Node, b: Node, preference: Array) -> Array:
        """Return the `(m,)` coefficients of the merge of two models that is predicted to be best.

        The best merge has the lowest achievement of the objectives of both models' tasks.
        """
        tasks, span = [*a.tasks, *b.tasks], np.array([a.coefficients, b.coefficients])
        merges = [self.measured(pair @ span, tasks) for pair in self._coefficients]
        surrogate = self._fit([self._base(tasks), a, b, *merges], tasks)
        anchors = self._view.anchors
        gain = (anchors.expert - anchors.pretrained)[tasks]
        objectives = (anchors.expert[tasks] - surrogate.predict(self._grid)) / gain
        importance = preference[tasks] / preference[tasks].sum()
        found: Array = self._grid[np.argmin(achievement(objectives, importance))] @ span
        return found

    def measured(self, coefficients: Array, tasks: list[int]) -> Node:
        """Measure the model of coefficients `(m,)` on the examples of a design."""
        row = torch.from_numpy(coefficients).to(torch.float32)
        found = self._view.evaluate(Coefficients(values=row), examples=self._examples)
        return Node(
            coefficients=row.double().numpy(),
            tasks=tuple(tasks),
            values=found.value,
            n=found.n.astype(np.float64),
        )

    def _base(self, tasks: list[int]) -> Node:
        anchors = self._view.anchors
        return Node(
            coefficients=np.zeros(len(anchors.n)),
            tasks=tuple(tasks),
            values=anchors.pretrained,
            n=anchors.n.astype(np.float64),
        )

    def _fit(self, nodes: list[Node], tasks: list[int]) -> QuadraticSurrogate:
        points = np.vstack([np.zeros(2), np.eye(2), self._coefficients])
        values = np.array([node.values[tasks] for node in nodes])
        if self._view.anchors.quantity == "loss":
            return QuadraticSurrogate.fit_losses(points, values)
        n = np.array([node.n[tasks] for node in nodes])
        return QuadraticSurrogate.fit(points, values, n, ridge=self._ridge)


@final
@dataclass(frozen=True, kw_only=True)
class NestedMAP(Algorithm):
    """Merge the two closest models by a MAP of two coefficients until one is left, for each ray.

    A tree serves one preference, on which already its first merge depends, so the result is a
    finite set with one tree per ray: m - 1 merges of `samples` measurements each, and one
    measurement of each model in between. All pairs have the same design, so pairs of experts are
    measured once for all rays; everything above them is measured for each ray. There are as many
    rays as the budget covers, from the centre outwards; the pretrained model and the experts, which
    are known, serve the corners.

    The closest models are those whose preference-weighted values of their own tasks differ least.
    The surrogates are MAP's, one for each task of the pair. On a grid, the best point minimises the
    augmented Tchebycheff achievement of the predicted objectives of the pair's tasks, which is also
    the criterion of the common selector; the weighted sum of the paper finds only supported points.
    Measuring a model measures all its tasks, so a tree costs more than the paper's count of
    evaluations of single tasks. Source: Li et al. 2025, nested MAP.

    Args:
        points: Maximum number of rays.
        samples: Number of merges measured for each pair; one in five has equal coefficients.
        examples: Validation examples of each task for these merges, halved until a tree takes at
            most two thirds of the budget; the final models are measured on all.
        upper: Upper end of the box [0, upper]^2 of the coefficients of a pair.
        ridge: Relative penalty of the fit to accuracies.
    """

    points: Count = 25
    samples: Annotated[int, Ge(4), Choices(values=(10, 20, 40))] = 20
    examples: Examples = 256
    upper: Upper = 1.0
    ridge: Ridge = 1e-3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Grow a tree for every ray that the budget covers."""
        m = len(view.tasks)
        tree = (m - 1) * (self.samples + 1) - 1
        examples = affordable_examples(view, at_most=self.examples, designs=tree)
        pool = MeasuredPool(view, trainable_parameters=2 * (m - 1))
        pool.add_anchors()
        design = PairDesign(
            view,
            coefficients=self._design(generator),
            examples=examples,
            upper=self.upper,
            ridge=self.ridge,
        )
        for ray in inner_rays(m, self.points):
            if view.affordable_evaluations() < 1:
                break
            root = torch.from_numpy(_grow(design, ray)).to(torch.float32)
            pool.measure(Coefficients(values=root))
        return pool.pareto_set()

    def _design(self, generator: torch.Generator) -> Array:
        """Return `(samples, 2)` pairs of coefficients."""
        equal = self.samples // 5
        spread = sobol(2, self.samples - equal, generator).double().numpy()
        diagonal = np.repeat((np.arange(equal)[:, None] + 0.5) / max(equal, 1), 2, axis=1)
        return self.upper * np.vstack([spread, diagonal])


def _grow(design: PairDesign, ray: Array) -> Array:
    """Return the `(m,)` coefficients at the root of the tree of a ray."""
    nodes = design.leaves()
    while True:
        metrics = [node.metric(ray) for node in nodes]
        pairs = combinations(range(len(nodes)), 2)
        i, j = min(pairs, key=lambda pair: abs(metrics[pair[0]] - metrics[pair[1]]))
        best = design.best(nodes[i], nodes[j], ray)
        if len(nodes) == 2:
            return best
        merged = design.measured(best, [*nodes[i].tasks, *nodes[j].tasks])
        nodes = [node for k, node in enumerate(nodes) if k not in (i, j)] + [merged]
