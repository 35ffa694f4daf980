"""AGE-MOEA's survival: diversity over proximity, in the norm that fits the front's shape."""

from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.survival import Survival
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

Array = NDArray[np.float64]
_SMALL: Final = 1e-8
_LEAST_P, _MOST_P = 0.1, 20.0


@final
class GeometrySurvival(Survival):  # type: ignore[misc] # pymoo has no types
    """Keep the best ranks, and the models with the highest score of the rank that fits in part.

    Source: Panichella 2019, https://doi.org/10.1145/3321707.3321839, sections 3.2 and 3.3.
    """

    def __init__(self) -> None:
        super().__init__(filter_infeasible=False)

    def _do(
        self, problem: object, pop: Population, *_: object, n_survive: int, **__: Any
    ) -> Population:
        objectives = pop.get("F")
        ranks = NonDominatedSorting().do(objectives, n_stop_if_ranked=n_survive)
        first = objectives[ranks[0]]
        ideal = first.min(axis=0)
        corners = extremes(first - ideal)
        lengths = intercepts(first - ideal, corners)
        p = curvature((first - ideal) / lengths, corners)
        kept: list[int] = []
        for rank, front in enumerate(ranks):
            scaled = (objectives[front] - ideal) / lengths
            score = (
                scores(scaled, corners, p)
                if rank == 0
                else 1 / np.maximum(_norm(scaled, p), _SMALL)
            )
            pop[front].set("rank", rank)
            pop[front].set("crowding", score)
            best = np.argsort(-score, kind="stable")[: n_survive - len(kept)]
            kept += [int(front[i]) for i in best]
        return pop[kept]


def extremes(front: Array) -> list[int]:
    """Return one model per objective: the one nearest to its axis that is not taken yet."""
    taken: list[int] = []
    for axis in np.eye(front.shape[1])[: len(front)]:
        off = np.linalg.norm(front - (front @ axis)[:, None] * axis, axis=1)
        off[taken] = np.inf
        taken.append(int(off.argmin()))
    return taken


def intercepts(front: Array, corners: list[int]) -> Array:
    """Return `(m,)` intercepts of the hyperplane through the extreme models `corners` of `(n, m)`.

    If there is no such hyperplane, or it does not cut an axis, the ranges of the objectives.
    """
    ranges: Array = np.maximum(front.max(axis=0), _SMALL)
    m = front.shape[1]
    if len(corners) < m or np.linalg.matrix_rank(front[corners]) < m:
        return ranges
    plane = np.linalg.solve(front[corners], np.ones(m))
    cuts: Array = 1 / plane if (plane > _SMALL).all() else ranges
    return cuts


def curvature(front: Array, corners: list[int]) -> float:
    """Return the p in [0.1, 20] for which the model nearest to the diagonal has p-norm 1.

    If there is none, 1. A front is linear for p = 1, spherical (concave) for 2, and
    convex below 1.
    """
    m = front.shape[1]
    inner = np.delete(np.arange(len(front)), corners)
    if len(inner) == 0:
        return 1.0
    off = np.linalg.norm(front - front.mean(axis=1, keepdims=True), axis=1)
    mean = front[inner[off[inner].argmin()]].mean()
    if not 0 < mean < 1:
        return 1.0
    p = np.log(m) / -np.log(mean)
    return float(min(p, _MOST_P)) if p > _LEAST_P else 1.0


def scores(front: Array, corners: list[int], p: float) -> Array:
    """Return the `(n,)` survival scores of the models of the first front.

    Extreme models have an infinite score. The others are scored one after another, each time the
    one with the largest score: the sum of the distances to the two nearest models scored before,
    divided by the distance to the ideal point.
    """
    found = np.full(len(front), np.inf)
    done = list(corners)
    left = [i for i in range(len(front)) if i not in done]
    proximity = np.maximum(_norm(front, p), _SMALL)
    apart = _norm(front[:, None] - front, p) / proximity[:, None]
    while left:
        nearest = np.sort(apart[np.ix_(left, done)], axis=1)[:, :2].sum(axis=1)
        best = int(nearest.argmax())
        found[left[best]] = nearest[best]
        done.append(left.pop(best))
    return found


def _norm(vectors: Array, p: float) -> Array:
    norms: Array = (np.abs(vectors) ** p).sum(axis=-1) ** (1 / p)
    return norms
