"""Points with the algorithms that supplied them, and fronts of all algorithms except one.

An algorithm that is measured against a front that contains its own points has an advantage. So the
front is kept as a `Supply`, from which the points of any one algorithm can be left out. Fronts are
thinned evenly before anything is measured against them, so that an algorithm that returned many
points in one place does not decide where the mean distance is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ShapeError
from ..metrics.nondominated import nondominated

Array = NDArray[np.float64]

SPACING: Final = 0.05
"""Least distance between points of a thinned front, in objectives: about one standard error of
the test accuracies of the shipped problems."""

WORST: Final = 1.0
"""Objectives beyond the pretrained model count as equal when distances are compared. Otherwise the
long tails of fronts, where one task is given up, would get most of the points."""


@final
@dataclass(frozen=True, kw_only=True)
class Supply:
    """Points that are nondominated, or become so when one algorithm is left out.

    `points` is `(n, m)` distinct objectives in lexicographic order. `suppliers` has, for each of
    them, the sorted names of the algorithms that returned it.
    """

    points: Array
    suppliers: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, points: ArrayLike, algorithms: Sequence[str]) -> "Supply":
        """Keep what some front needs of `(n, m)` points, the k-th returned by `algorithms[k]`.

        A point is kept if no other point dominates it, or only points of one algorithm, and it
        was returned by another algorithm than this one.
        """
        array = np.array(points, dtype=np.float64)
        if array.ndim != 2 or len(array) != len(algorithms):
            raise ShapeError(
                "`points` must be (n, m) with one name in `algorithms` per row. "
                f"Found {array.shape=} and {len(algorithms)} names."
            )
        # + 0.0 turns -0.0 into 0.0, which is another number when bytes are hashed.
        unique, places = np.unique(array + 0.0, axis=0, return_inverse=True)
        names: list[set[str]] = [set() for _ in unique]
        for place, name in zip(places.ravel(), algorithms, strict=True):
            names[place].add(name)
        pool = cls(points=unique, suppliers=tuple(tuple(sorted(own)) for own in names))
        return pool._rows(pool._needed())

    @property
    def algorithms(self) -> list[str]:
        """The algorithms that supplied at least one of the points, sorted."""
        return sorted({name for names in self.suppliers for name in names})

    def front(self) -> Array:
        """Return the `(k, m)` nondominated points of all algorithms."""
        return self.points[nondominated(self.points)]

    def without(self, algorithm: str) -> Array:
        """Return the `(k, m)` nondominated points of all other algorithms.

        Points that only the left-out algorithm dominates come back. Points that another algorithm
        returned too stay.
        """
        others = self.points[self._others(algorithm)]
        return others[nondominated(others)] if len(others) else others

    def _others(self, algorithm: str) -> NDArray[np.bool_]:
        return np.array([names != (algorithm,) for names in self.suppliers], dtype=bool)

    def _needed(self) -> NDArray[np.bool_]:
        needed = nondominated(self.points)
        # Leaving out an algorithm changes the front only if the algorithm supplied a part of it.
        for algorithm in self._rows(needed).algorithms:
            others = np.flatnonzero(self._others(algorithm))
            needed[others[nondominated(self.points[others])]] = True
        return needed

    def _rows(self, mask: NDArray[np.bool_]) -> "Supply":
        rows = np.flatnonzero(mask)
        return Supply(points=self.points[rows], suppliers=tuple(self.suppliers[k] for k in rows))


def thinned(points: Array, *, spacing: float = SPACING) -> Array:
    """Return an even selection of the points.

    No two of them are closer than `spacing`, and no point is farther than that from a selected one.
    Distances are Euclidean, between objectives that are cut off at `WORST`. Starting with the first
    point, the farthest from all selected points is selected next (Gonzalez 1985), and of several
    the first. O(n k m) for k selected of n points.

    Args:
        points: `(n, m)` objectives, at least one row, in an order that depends on nothing else.
        spacing: The least distance between selected points.

    Returns:
        `(k, m)` rows of `points`, in their order.
    """
    cut = np.minimum(points, WORST)
    distances = np.full(len(points), np.inf)
    selected: list[int] = []
    farthest = 0
    while distances[farthest] >= spacing:
        selected.append(farthest)
        distances = np.minimum(distances, np.sqrt(((cut - cut[farthest]) ** 2).sum(axis=1)))
        farthest = int(distances.argmax())
    return points[sorted(selected)]
