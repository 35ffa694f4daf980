"""Hypervolume against slow twins, closed forms and the axioms it is chosen for."""

from fractions import Fraction
from itertools import combinations, pairwise, product
from math import prod

import numpy as np
import pytest

from fusefront.errors import ParameterError, ShapeError
from fusefront.metrics.base import Array
from fusefront.metrics.hypervolume import can_rank, hypervolume, is_exact

SHAPES = [(1, 4), (2, 1), (2, 9), (3, 7), (4, 6), (5, 5)]


def rationals(m: int, n: int, seed: int) -> list[list[Fraction]]:
    """Points on a coarse grid, so with ties and duplicates, some beyond the corner of ones."""
    numerators = np.random.default_rng([m, n, seed]).integers(0, 7, (n, m))
    points = [[Fraction(int(k), 5) for k in row] for row in numerators]
    return [*points, points[0]]


def floats(points: list[list[Fraction]]) -> Array:
    return np.array(points, dtype=np.float64)


def volume(sides: list[Fraction]) -> Fraction:
    return prod(sides, start=Fraction(1))


def grid_count(points: list[list[Fraction]], ref: list[Fraction]) -> Fraction:
    """The slow twin: cells of the grid through all coordinates, each dominated or not."""
    inside = [p for p in points if all(x < r for x, r in zip(p, ref, strict=True))]
    axes = [sorted({p[i] for p in inside} | {ref[i]}) for i in range(len(ref))]
    total = Fraction(0)
    for cell in product(*(pairwise(axis) for axis in axes)):
        low = [side[0] for side in cell]
        if any(all(x <= c for x, c in zip(p, low, strict=True)) for p in inside):
            total += volume([high - low for low, high in cell])
    return total


def inclusion_exclusion(points: list[list[Fraction]], ref: list[Fraction]) -> Fraction:
    """The other slow twin: volumes of the intersections of boxes, with alternating signs."""
    total = Fraction(0)
    for size in range(1, len(points) + 1):
        for chosen in combinations(points, size):
            worst = [max(column) for column in zip(*chosen, strict=True)]
            sides = [max(r - x, Fraction(0)) for x, r in zip(worst, ref, strict=True)]
            total -= (-1) ** size * volume(sides)
    return total


def simplex_front(m: int, n: int, seed: int) -> Array:
    return np.random.default_rng([m, n, seed]).dirichlet(np.ones(m), size=n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_agrees_with_counting_cells_in_rationals(m: int, n: int, seed: int) -> None:
    points = rationals(m, n, seed)
    expected = float(grid_count(points, [Fraction(1)] * m))
    assert hypervolume(floats(points), ref_point=np.ones(m)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("m", "n"), [(2, 6), (3, 6), (4, 6), (6, 6), (8, 7)])
def test_agrees_with_inclusion_and_exclusion_in_rationals(m: int, n: int, seed: int) -> None:
    points = rationals(m, n, seed)
    expected = float(inclusion_exclusion(points, [Fraction(6, 5)] * m))
    value = hypervolume(floats(points), ref_point=np.full(m, 1.2))
    assert value == pytest.approx(expected, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_staircase_under_a_linear_front_has_its_closed_form(n: int) -> None:
    first = np.arange(n + 1) / n
    points = np.column_stack([first, 1 - first])
    assert hypervolume(points, ref_point=[1.0, 1.0]) == pytest.approx((n - 1) / (2 * n))


def test_one_point_dominates_a_box() -> None:
    assert hypervolume([[0.5, 0.25, 0.0]], ref_point=[1.0, 1.0, 2.0]) == 0.75


@pytest.mark.parametrize("points", [np.empty((0, 2)), [[1.0, 0.0]], [[2.0, -5.0], [1.0, 1.0]]])
def test_points_not_better_than_the_reference_add_nothing(points: Array) -> None:
    assert hypervolume(points, ref_point=[1.0, 1.0]) == 0.0
    assert is_exact(points, ref_point=[1.0, 1.0])


@pytest.mark.parametrize(("m", "n"), [(2, 20), (3, 20), (5, 10), (8, 30)])
def test_grows_when_a_nondominated_point_is_added(m: int, n: int) -> None:
    points = simplex_front(m, n, 0)
    ref_point = np.full(m, 1.1)
    sizes = [hypervolume(points[:k], ref_point=ref_point) for k in range(n + 1)]
    assert (np.diff(sizes) > 0).all()


@pytest.mark.parametrize(("m", "n"), [(2, 20), (3, 20), (5, 10), (8, 79)])
def test_is_larger_for_a_set_that_dominates(m: int, n: int) -> None:
    points = simplex_front(m, n, 1)
    better = points.copy()
    better[0] -= 0.01
    ref_point = np.full(m, 1.1)
    assert hypervolume(better, ref_point=ref_point) > hypervolume(points, ref_point=ref_point)


@pytest.mark.parametrize(("m", "n"), [(3, 20), (8, 30), (8, 100)])
def test_dominated_points_and_duplicates_change_no_bit(m: int, n: int) -> None:
    points = simplex_front(m, n, 2)
    more = np.vstack([points + 0.01, points, points[:5]])
    ref_point = np.full(m, 1.1)
    assert hypervolume(more, ref_point=ref_point) == hypervolume(points, ref_point=ref_point)


@pytest.mark.parametrize(("m", "n"), [(3, 20), (6, 20), (8, 30), (8, 100)])
def test_order_of_points_changes_no_bit(m: int, n: int) -> None:
    points, ref_point = simplex_front(m, n, 3), np.full(m, 1.1)
    expected = hypervolume(points, ref_point=ref_point)
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(points)
        assert hypervolume(shuffled, ref_point=ref_point) == expected


def test_scales_with_each_axis() -> None:
    points, scale = simplex_front(3, 10, 4), np.array([2.0, 3.0, 0.5])
    value = hypervolume(points * scale, ref_point=1.1 * scale)
    assert value == pytest.approx(3.0 * hypervolume(points, ref_point=[1.1] * 3))


def test_large_sets_of_many_objectives_are_approximate_within_half_a_percent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points, ref_point = simplex_front(8, 81, 5), np.full(8, 1.1)
    assert not is_exact(points, ref_point=ref_point)
    approximate = hypervolume(points, ref_point=ref_point)
    monkeypatch.setattr("fusefront.metrics.hypervolume.EXACT_POINTS", {8: 81})
    assert is_exact(points, ref_point=ref_point)
    exact = hypervolume(points, ref_point=ref_point)
    assert approximate != exact
    assert approximate == pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize(("m", "n"), [(12, 60), (20, 40)])
def test_many_objectives_take_no_exponential_time(m: int, n: int) -> None:
    points = simplex_front(m, n, 6)
    assert not is_exact(points, ref_point=np.full(m, 1.1))
    assert 0 < hypervolume(points, ref_point=np.full(m, 1.1)) < 1.1**m


def test_the_scoring_preferences_of_eight_tasks_are_scored_exactly() -> None:
    assert is_exact(simplex_front(8, 77, 7), ref_point=np.full(8, 1.1))


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([0.02, 0.0, 0.0, 0.0], True),  # a quarter
        ([0.02, 0.0, 0.0, 0.0, 0.0], False),  # a fifth
        ([0.01] * 4, False),  # not above 1 %
        ([0.3], True),
    ],
)
def test_a_quarter_of_the_algorithms_must_have_a_visible_volume(
    values: list[float], ranks: bool
) -> None:
    assert can_rank(values, ref_point=[1.0, 1.0]) == ranks


def test_the_visible_volume_is_a_share_of_the_box_up_to_the_reference_point() -> None:
    assert can_rank([0.011], ref_point=[1.0] * 6)
    assert not can_rank([0.011], ref_point=[1.1] * 6)  # the box is 1.77


def test_nan_is_refused() -> None:
    with pytest.raises(ParameterError, match="`points` must be finite"):
        hypervolume([[np.nan, 0.0]], ref_point=[1.0, 1.0])
    with pytest.raises(ParameterError, match="`ref_point` must be finite"):
        hypervolume([[0.0, 0.0]], ref_point=[1.0, np.nan])


def test_reference_point_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"`ref_point` must have shape \(2,\)"):
        hypervolume([[0.0, 0.0]], ref_point=[1.0, 1.0, 1.0])
