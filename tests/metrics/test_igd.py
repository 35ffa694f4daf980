"""IGD and IGD+ against double loops, and what sets them apart: Pareto compliance."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from fusefront.errors import ParameterError, ShapeError
from fusefront.metrics.base import Array
from fusefront.metrics.igd import igd, igd_plus

both = pytest.mark.parametrize("indicator", [igd, igd_plus])

# Ishibuchi et al. 2015: every point of WORSE is dominated by one of BETTER.
FRONT = np.array([[10.0, 0.0], [6.0, 1.0], [2.0, 2.0], [1.0, 6.0], [0.0, 10.0]])
BETTER = np.array([[4.0, 2.0], [3.0, 3.0], [2.0, 4.0]])
WORSE = np.array([[8.0, 2.0], [4.0, 4.0], [2.0, 8.0]])


def slow(points: Array, front: Array, plus: bool) -> float:
    """The slow twin, straight from the definition."""
    total = 0.0
    for z in front:
        distances = []
        for a in points:
            sides = [max(x - y, 0.0) if plus else x - y for x, y in zip(a, z, strict=True)]
            distances.append(math.sqrt(sum(side**2 for side in sides)))
        total += min(distances)
    return total / len(front)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("m", "n", "k"), [(1, 3, 2), (2, 1, 4), (2, 6, 9), (3, 8, 1), (8, 20, 30)])
def test_agree_with_double_loops(m: int, n: int, k: int, seed: int) -> None:
    generator = np.random.default_rng([m, n, k, seed])
    points = generator.integers(0, 6, (n, m)) / 5  # coarse, so with ties and duplicates
    front = generator.integers(0, 6, (k, m)) / 5
    assert igd(points, front=front) == pytest.approx(slow(points, front, plus=False), rel=1e-12)
    assert igd_plus(points, front=front) == pytest.approx(slow(points, front, plus=True), rel=1e-12)


@both
def test_is_zero_on_the_front(indicator: Callable[..., float]) -> None:
    assert indicator(FRONT[::-1], front=FRONT) == 0.0


@both
def test_single_point_is_its_mean_distance(indicator: Callable[..., float]) -> None:
    assert indicator([[3.0, 4.0]], front=[[0.0, 0.0]]) == 5.0


@both
def test_does_not_grow_when_a_point_is_added(indicator: Callable[..., float]) -> None:
    points = np.random.default_rng(0).random((20, 3))
    front = np.random.default_rng(1).dirichlet(np.ones(3), size=30)
    values = [indicator(points[:k], front=front) for k in range(1, 21)]
    assert (np.diff(values) <= 0).all()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("m", [2, 3, 8])
def test_igd_plus_does_not_grow_under_dominance(m: int, seed: int) -> None:
    generator = np.random.default_rng([m, seed])
    worse, front = generator.random((10, m)), generator.random((15, m))
    better = worse - generator.random((10, m)) * generator.integers(0, 2, (10, m))
    assert igd_plus(better, front=front) <= igd_plus(worse, front=front)


def test_igd_may_prefer_the_dominated_set() -> None:
    assert igd(BETTER, front=FRONT) > igd(WORSE, front=FRONT)


def test_igd_plus_prefers_the_set_that_dominates() -> None:
    assert igd_plus(BETTER, front=FRONT) < igd_plus(WORSE, front=FRONT)


def test_igd_plus_forgives_being_better_than_the_front() -> None:
    assert igd_plus([[-1.0, -1.0]], front=[[0.0, 0.0]]) == 0.0
    assert igd([[-1.0, -1.0]], front=[[0.0, 0.0]]) > 0.0


@both
def test_no_points_are_infinitely_far(indicator: Callable[..., float]) -> None:
    assert indicator(np.empty((0, 2)), front=FRONT) == np.inf


@both
def test_empty_front_is_refused(indicator: Callable[..., float]) -> None:
    with pytest.raises(ParameterError, match="`front` must have at least one point"):
        indicator(BETTER, front=np.empty((0, 2)))


@both
def test_nan_is_refused(indicator: Callable[..., float]) -> None:
    with pytest.raises(ParameterError, match="`points` must be finite"):
        indicator([[np.nan, 0.0]], front=FRONT)
    with pytest.raises(ParameterError, match="`front` must be finite"):
        indicator(BETTER, front=[[np.nan, 0.0]])


@both
def test_front_of_other_objectives_is_refused(indicator: Callable[..., float]) -> None:
    with pytest.raises(ShapeError, match=r"`front` must have shape \(n, 2\)"):
        indicator(BETTER, front=[[0.0, 0.0, 0.0]])
