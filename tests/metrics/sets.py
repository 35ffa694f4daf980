"""Sets of points on which metrics are compared with oracles and slow twins."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from fusefront.metrics.base import Array

KINDS = ("random", "dominated", "duplicate", "grid", "single")


def points_of(kind: str, m: int, generator: np.random.Generator) -> Array:
    """Return points of one kind: `dominated` has a chain, `grid` has many ties."""
    if kind == "single":
        return generator.random((1, m)) + 0.01
    points = generator.random((7, m)) + 0.01
    if kind == "dominated":
        points[3:] = points[:4] + generator.random((4, m)) * 0.3
    elif kind == "duplicate":
        points[4:] = points[:3]
    elif kind == "grid":
        points = generator.integers(1, 5, (7, m)) / 4
    return points


def cases() -> Iterator[ParameterSet]:
    """Yield `(points, front, preferences)` of every kind for 1 to 10 objectives."""
    for m in range(1, 11):
        for number, kind in enumerate(KINDS):
            generator = np.random.default_rng([m, number])
            points = points_of(kind, m, generator)
            front = points_of("grid", m, generator)
            preferences = generator.dirichlet(np.ones(m), size=len(points))
            yield pytest.param(points, front, preferences, id=f"{kind}-{m}")


every_set = pytest.mark.parametrize(("points", "front", "preferences"), list(cases()))
TOLERANCE: Final[dict[str, Any]] = {"rel": 1e-9, "abs": 1e-9}
