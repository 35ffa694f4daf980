"""Distances to a front against pymoo, moocore and double loops, for 1 to 10 objectives."""

import math
from collections.abc import Callable

import moocore
import numpy as np
import pytest
from pymoo.indicators.gd import GD
from pymoo.indicators.gd_plus import GDPlus
from pymoo.indicators.igd import IGD
from pymoo.indicators.igd_plus import IGDPlus
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.errors import ParameterError
from fusefront.metrics.base import Array
from fusefront.metrics.epsilon import additive_epsilon, multiplicative_epsilon
from fusefront.metrics.gd import averaged_hausdorff, gd, gd_plus
from fusefront.metrics.igd import igd, igd_plus

every_distance = pytest.mark.parametrize(
    "distance", [gd, gd_plus, averaged_hausdorff, additive_epsilon, multiplicative_epsilon]
)
FRONT = [[0.0, 1.0], [1.0, 0.0]]


@every_set
def test_agree_with_pymoo(points: Array, front: Array, preferences: Array) -> None:
    for ours, oracle in ((gd, GD), (gd_plus, GDPlus), (igd, IGD), (igd_plus, IGDPlus)):
        assert ours(points, front=front) == pytest.approx(float(oracle(front)(points)), **TOLERANCE)


@every_set
def test_averaged_hausdorff_is_the_larger_of_both_directions(
    points: Array, front: Array, preferences: Array
) -> None:
    there = np.mean([min(math.dist(a, z) for z in front) for a in points])
    back = np.mean([min(math.dist(a, z) for a in points) for z in front])
    assert averaged_hausdorff(points, front=front) == pytest.approx(max(there, back), **TOLERANCE)


@every_set
def test_epsilons_agree_with_triple_loops(points: Array, front: Array, preferences: Array) -> None:
    additive = max(
        min(max(x - y for x, y in zip(a, z, strict=True)) for a in points) for z in front
    )
    factor = max(
        min(max((1 + x) / (1 + y) for x, y in zip(a, z, strict=True)) for a in points)
        for z in front
    )
    assert additive_epsilon(points, front=front) == pytest.approx(additive, **TOLERANCE)
    assert multiplicative_epsilon(points, front=front) == pytest.approx(factor, **TOLERANCE)


def test_multiplicative_epsilon_is_the_additive_one_of_logarithms() -> None:
    points, front = np.array([[0.5, 0.2], [0.1, 0.9]]), np.array(FRONT)
    logarithm = moocore.epsilon_additive(np.log(1 + points), ref=np.log(1 + front))
    assert multiplicative_epsilon(points, front=front) == pytest.approx(math.exp(logarithm))


def test_multiplicative_epsilon_is_undefined_beyond_twice_the_gain() -> None:
    assert multiplicative_epsilon([[-1.0, 0.0]], front=FRONT) is None
    assert multiplicative_epsilon([[0.0, 0.0]], front=[[-1.5, 0.0]]) is None


@every_distance
def test_front_itself_has_the_best_value(distance: Callable[..., float]) -> None:
    best = 1.0 if distance is multiplicative_epsilon else 0.0
    assert distance(FRONT, front=FRONT) == best
    assert distance([[0.5, 1.0], [1.0, 0.5]], front=FRONT) > best


@every_distance
def test_no_points_are_infinitely_far(distance: Callable[..., float]) -> None:
    assert distance(np.empty((0, 2)), front=FRONT) == math.inf


@every_distance
def test_empty_front_is_refused(distance: Callable[..., float]) -> None:
    with pytest.raises(ParameterError, match="`front` must have at least one point"):
        distance(FRONT, front=np.empty((0, 2)))


def test_points_beyond_the_front_are_far_from_it_only_by_gd() -> None:
    beyond = [[-3.0, -4.0]]
    assert gd(beyond, front=[[0.0, 0.0]]) == 5.0
    assert gd_plus(beyond, front=[[0.0, 0.0]]) == 0.0
    assert additive_epsilon(beyond, front=[[0.0, 0.0]]) == -3.0


def test_one_good_point_has_a_small_gd_and_a_large_hausdorff_distance() -> None:
    assert gd([[0.0, 1.0]], front=FRONT) == 0.0
    assert averaged_hausdorff([[0.0, 1.0]], front=FRONT) == pytest.approx(math.sqrt(2) / 2)
