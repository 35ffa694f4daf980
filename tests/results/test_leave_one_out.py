"""Fronts without one algorithm, and even thinning, against slow and readable twins."""

import math

import numpy as np
import pytest

from fusefront.errors import ShapeError
from fusefront.results.leave_one_out import SPACING, Supply, thinned

Point = tuple[float, ...]


def dominates(one: Point, other: Point) -> bool:
    return one != other and all(x <= y for x, y in zip(one, other, strict=True))


def slow_front(points: set[Point]) -> set[Point]:
    return {p for p in points if not any(dominates(q, p) for q in points)}


def drawn(seed: int, m: int) -> tuple[list[Point], list[str]]:
    """Points on a coarse grid, so with ties, and with duplicates within and between algorithms."""
    generator = np.random.default_rng([seed, m])
    points = [tuple(row) for row in generator.integers(-1, 5, (40, m)).astype(float).tolist()]
    return points, [f"algorithm-{k}" for k in generator.integers(0, 4, len(points))]


def as_set(array: np.ndarray) -> set[Point]:
    rows = [tuple(row) for row in array.tolist()]
    assert len(set(rows)) == len(rows)
    return set(rows)


@pytest.mark.parametrize("m", [2, 3, 5])
@pytest.mark.parametrize("seed", range(15))
def test_fronts_agree_with_those_of_all_points(seed: int, m: int) -> None:
    points, algorithms = drawn(seed, m)
    supply = Supply.of(points, algorithms)
    assert as_set(supply.front()) == slow_front(set(points))
    for left_out in [*sorted(set(algorithms)), "another"]:
        others = {p for p, name in zip(points, algorithms, strict=True) if name != left_out}
        assert as_set(supply.without(left_out)) == slow_front(others)


@pytest.mark.parametrize("seed", range(5))
def test_no_point_is_kept_that_no_front_needs(seed: int) -> None:
    points, algorithms = drawn(seed, 2)
    supply = Supply.of(points, algorithms)
    used = as_set(supply.front()).union(*(as_set(supply.without(a)) for a in set(algorithms)))
    assert as_set(supply.points) == used
    for point, names in zip(supply.points.tolist(), supply.suppliers, strict=True):
        both = zip(points, algorithms, strict=True)
        assert set(names) == {name for own, name in both if own == tuple(point)}


def test_points_that_only_the_left_out_algorithm_dominates_come_back() -> None:
    supply = Supply.of(
        [[0.0, 0.0], [0.5, 0.5], [0.4, 0.6], [0.9, 0.9], [0.0, 0.0]], ["a", "b", "c", "c", "a"]
    )
    assert supply.front().tolist() == [[0.0, 0.0]]
    assert supply.without("a").tolist() == [[0.4, 0.6], [0.5, 0.5]]
    assert supply.without("b").tolist() == [[0.0, 0.0]]
    assert supply.algorithms == ["a", "b", "c"]


def test_a_point_that_two_algorithms_returned_stays_without_either() -> None:
    supply = Supply.of([[0.0, -0.0], [-0.0, 0.0], [0.5, 0.5]], ["a", "b", "c"])
    assert supply.suppliers == (("a", "b"),)
    assert supply.without("a").tolist() == supply.without("b").tolist() == [[0.0, 0.0]]


def test_without_its_only_supplier_nothing_is_left() -> None:
    assert Supply.of([[0.0, 1.0]], ["a"]).without("a").shape == (0, 2)


def test_a_name_for_each_point_is_needed() -> None:
    with pytest.raises(ShapeError, match="one name in `algorithms` per row"):
        Supply.of([[0.0, 1.0], [1.0, 0.0]], ["a"])


def slow_thinned(points: list[Point], spacing: float) -> list[Point]:
    """Gonzalez' farthest points, of objectives that are cut off at the pretrained model."""

    def distance(one: Point, other: Point) -> float:
        return math.dist([min(x, 1.0) for x in one], [min(x, 1.0) for x in other])

    selected = [points[0]]
    while True:
        gaps = [min(distance(p, q) for q in selected) for p in points]
        if max(gaps) < spacing:
            return [p for p in points if p in selected]
        selected.append(points[gaps.index(max(gaps))])


@pytest.mark.parametrize("m", [2, 3, 6])
def test_thinning_agrees_with_its_slow_twin(m: int) -> None:
    points = np.unique(np.random.default_rng(m).random((80, m)) * 1.5, axis=0)
    for spacing in (0.05, 0.3):
        expected = slow_thinned([tuple(row) for row in points.tolist()], spacing)
        assert [tuple(row) for row in thinned(points, spacing=spacing).tolist()] == expected


def test_a_thinned_front_is_even_and_covers_all_points() -> None:
    x = np.sort(
        np.concatenate([np.linspace(0, 1, 30), np.random.default_rng(0).normal(0.3, 0.01, 500)])
    )
    front = np.column_stack([x, 1 - x])
    found = thinned(front)
    gaps = np.linalg.norm(found[:, None] - found[None], axis=2)
    assert gaps[~np.eye(len(found), dtype=bool)].min() >= SPACING
    assert np.linalg.norm(front[:, None] - found[None], axis=2).min(axis=1).max() < SPACING
    # 500 of 530 points are within 0.06 of x = 0.3, and hardly more points than elsewhere remain.
    assert (np.abs(found[:, 0] - 0.3) < 0.06).sum() <= 4


def test_tails_beyond_the_pretrained_model_count_as_one_place() -> None:
    tail = np.column_stack([np.linspace(0, 0.01, 50), np.linspace(9, 1, 50)])
    assert thinned(tail).tolist() == [[0.0, 9.0]]


def test_one_point_stays() -> None:
    assert thinned(np.array([[0.5, 0.5]])).tolist() == [[0.5, 0.5]]
