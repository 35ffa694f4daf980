"""MAP: fit a surrogate, search it with NSGA-III, and measure the predicted front."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np
import torch
from annotated_types import Ge
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from pymoo.util.ref_dirs import get_reference_directions

from ...domains import Count
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ...ranges import Choices
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.measured_pool import MeasuredPool, sobol
from ..training.tuned import Examples, Ridge, Upper
from .design import Design, affordable_examples
from .surrogate import QuadraticSurrogate

Array = NDArray[np.float64]


@final
class _Surrogate(Problem):  # type: ignore[misc] # pymoo has no types
    def __init__(self, objectives: Callable[[Array], Array], tasks: int, upper: float) -> None:
        super().__init__(n_var=tasks, n_obj=tasks, xl=0.0, xu=upper)
        self._objectives = objectives

    def _evaluate(self, x: Array, out: dict[str, Any], *_: object, **__: object) -> None:
        out["F"] = self._objectives(x)


def search_front(
    objectives: Callable[[Array], Array],
    *,
    tasks: int,
    upper: float,
    population: int,
    generations: int,
    seed: int,
) -> Array:
    """Return `(k, tasks)` nondominated points of `objectives` in [0, upper]^tasks, by NSGA-III.

    Reference directions are the finest Das-Dennis lattice of at most `population` points.

    Source: Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4); pymoo's implementation.
    """
    partitions = 1
    # The size of the lattice with one partition more.
    while math.comb(partitions + tasks, tasks - 1) <= population:
        partitions += 1
    directions = get_reference_directions("das-dennis", tasks, n_partitions=partitions)
    result = minimize(
        _Surrogate(objectives, tasks, upper),
        NSGA3(directions, pop_size=population),
        ("n_gen", generations),
        seed=seed,
    )
    return np.atleast_2d(result.X)


def farthest_points(objectives: Array, count: int) -> NDArray[np.int64]:
    """Return indices of at most `count` rows: the best of each task, then the farthest apart."""
    chosen = list(dict.fromkeys(objectives.argmin(axis=0).tolist()))[:count]
    distance = np.min([_distance(objectives, i) for i in chosen], axis=0)
    while len(chosen) < count and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, _distance(objectives, chosen[-1]))
    return np.array(chosen, dtype=np.int64)


def _distance(objectives: Array, index: int) -> Array:
    distance: Array = np.linalg.norm(objectives - objectives[index], axis=1)
    return distance


@dataclass(frozen=True, kw_only=True)
class SurrogateSearch(Algorithm, ABC):
    """Fit a surrogate, search it by NSGA-III inside the box, and measure the predicted front.

    Subclasses define the surrogate. For every task its leave-one-out R^2 is logged as
    `loo_r2:<task>`. For every point of the finite set, at the units spent when it was measured, its
    objective g is logged as `predicted:<task>` and `measured:<task>`.

    Args:
        examples: Validation examples of each task for the design, halved until the design takes at
            most two thirds of the budget; the front is measured on all.
        upper: Upper end of the box [0, upper]^m.
        ridge: Relative penalty of the fit to accuracies.
        population: Population size of NSGA-III on the surrogate.
        generations: Number of generations of NSGA-III on the surrogate.
        points: Maximum number of points of the predicted front to measure and keep.
    """

    examples: Examples = 256
    upper: Upper = 1.0
    ridge: Ridge = 1e-3
    population: Annotated[int, Ge(2)] = 100
    generations: Count = 150
    points: Annotated[Count, Choices(values=(10, 25, 50))] = 25

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Design, fit, search, measure."""
        surrogate = self._surrogate(view, generator)
        for task, r2 in zip(view.tasks, surrogate.loo_r2, strict=True):
            view.log(f"loo_r2:{task}", float(r2))

        def predicted(points: Array) -> Array:
            return view.anchors.objectives(surrogate.predict(points))

        front = search_front(
            predicted,
            tasks=len(view.tasks),
            upper=self.upper,
            population=self.population,
            generations=self.generations,
            seed=int(torch.randint(2**31, (1,), generator=generator)),
        )
        # At least one: if the budget refuses it, the fit ends with the design as its last
        # milestone.
        count = int(min(self.points, max(1, view.affordable_evaluations())))
        chosen = front[farthest_points(predicted(front), count)]
        pool = MeasuredPool(view, trainable_parameters=surrogate.weights.size)
        for row, expected in zip(chosen, predicted(chosen), strict=True):
            found = pool.measure(Coefficients(values=torch.from_numpy(row).to(torch.float32)))
            _log(view, "predicted", expected)
            _log(view, "measured", view.anchors.objectives(found.value))
        return pool.pareto_set()

    @abstractmethod
    def _surrogate(self, view: ProblemView, generator: torch.Generator) -> QuadraticSurrogate:
        """Return the surrogate of the values; its measurements are charged to the view."""


@final
@dataclass(frozen=True, kw_only=True)
class MAP(SurrogateSearch):
    """Measure (m + 1)(m + 2) merges, fit quadratics, search them, and measure the best merges.

    It differs from the released code where that is known to fail: the design has Sobol points
    instead of a grid (which does not identify the quadratic for 8 tasks), the search stays inside
    the sampled box, the fit is weighted by the noise of each accuracy, its leave-one-out R^2 is
    logged, and the predicted front is measured before it is returned. Losses are fitted directly,
    by least squares. The pretrained model and the experts join the fit with their known values,
    which cost nothing. If the budget runs out before the front is measured, the design is returned.
    Source: Li et al. 2025.
    """

    def _surrogate(self, view: ProblemView, generator: torch.Generator) -> QuadraticSurrogate:
        m = len(view.tasks)
        size = (m + 1) * (m + 2)
        sampled = self.upper * sobol(m, size, generator)
        examples = affordable_examples(view, at_most=self.examples, designs=size)
        design = Design(view, examples=examples)
        design.measure(sampled.double().numpy())
        return design.fit(self.ridge)


def _log(view: ProblemView, what: str, objectives: Array) -> None:
    for task, value in zip(view.tasks, objectives, strict=True):
        view.log(f"{what}:{task}", float(value))
