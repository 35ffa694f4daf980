"""NSGA-III on a surrogate, and a spread subset of what it finds."""

import math
from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from pymoo.util.ref_dirs import get_reference_directions

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
    """`(k, tasks)` nondominated points of `objectives` in [0, upper]^tasks, found by NSGA-III.

    Reference directions are the finest Das-Dennis lattice of at most `population` points.

    Source: Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4); pymoo's implementation.
    """
    partitions = 1
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
    """Indices of at most `count` rows, greedily farthest apart, best corner of each task first."""
    chosen = list(dict.fromkeys(objectives.argmin(axis=0).tolist()))[:count]
    distance = np.min([_distance(objectives, i) for i in chosen], axis=0)
    while len(chosen) < count and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, _distance(objectives, chosen[-1]))
    return np.array(chosen, dtype=np.int64)


def _distance(objectives: Array, index: int) -> Array:
    distance: Array = np.linalg.norm(objectives - objectives[index], axis=1)
    return distance
