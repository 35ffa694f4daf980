"""R2, coverage, nondominated points and diversity against slow twins, pymoo and moocore."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import moocore
import numpy as np
import pytest
from pymoo.indicators.spacing import SpacingIndicator
from scipy.integrate import quad
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.errors import ShapeError
from fusefront.metrics.base import Array
from fusefront.metrics.coverage import coverage, covered_by_baseline
from fusefront.metrics.diversity import minimal_distance, spacing, span, sparsity, spread
from fusefront.metrics.nondominated import (
    distinct,
    front_of,
    nondominated_points,
    nondominated_share,
)
from fusefront.metrics.r2 import r2

EVEN = np.array([[0.0, 1.0], [0.25, 0.75], [0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
ANCHORS = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
NONE = np.empty((0, 2))


def dominates(a: Array, b: Array) -> bool:
    return all(a <= b) and any(a < b)


def slow_front(points: Array) -> list[Array]:
    """The distinct points that no other point dominates."""
    unique = [p for i, p in enumerate(points) if not any((p == q).all() for q in points[:i])]
    return [p for p in unique if not any(dominates(q, p) for q in unique)]


@every_set
def test_nondominated_points_are_counted(points: Array, front: Array, preferences: Array) -> None:
    assert nondominated_points(points) == len(slow_front(points))
    kept = [p for p in points if not any(dominates(q, p) for q in points)]
    assert nondominated_share(points) == pytest.approx(len(kept) / len(points))
    assert len(front_of(points)) == len(moocore.filter_dominated(points))
    np.testing.assert_array_equal(distinct(points), np.unique(points, axis=0))


@every_set
def test_coverage_counts_weakly_dominated_points(
    points: Array, front: Array, preferences: Array
) -> None:
    def share(those: Array, of: Array) -> float:
        return sum(any(all(a <= b) for a in those) for b in of) / len(of)

    assert coverage(points, baseline=front) == pytest.approx(share(points, front))
    assert covered_by_baseline(points, baseline=front) == pytest.approx(share(front, points))
    assert coverage(points, baseline=points) == covered_by_baseline(points, baseline=points) == 1


def test_coverage_of_and_by_nothing() -> None:
    assert coverage(NONE, baseline=EVEN) == covered_by_baseline(EVEN, baseline=NONE) == 0.0
    assert coverage(EVEN, baseline=NONE) is None
    assert covered_by_baseline(NONE, baseline=EVEN) is None


@every_set
def test_r2_is_the_mean_of_best_tchebycheff_values(
    points: Array, front: Array, preferences: Array
) -> None:
    shifted = points - 0.3  # some objectives are better than the expert's, and count as 0

    def best(weights: Sequence[float]) -> float:
        return min(
            max(w * max(float(g), 0) for w, g in zip(weights, p, strict=True)) for p in shifted
        )

    if points.shape[1] == 2:
        # Piecewise linear in the weight, with kinks only where two of these lines cross.
        lines = [(g, 0.0) for g in shifted[:, 0].clip(0)]
        lines += [(-g, g) for g in shifted[:, 1].clip(0)]
        crossings = [
            (d - b) / (a - c) for (a, b), (c, d) in combinations(lines, 2) if abs(a - c) > 1e-12
        ]
        kinks = sorted({0.0, 1.0, *(w for w in crossings if 0 < w < 1)})
        expected = sum(
            (best([a, 1 - a]) + best([b, 1 - b])) / 2 * (b - a) for a, b in pairwise(kinks)
        )
        assert r2(shifted, preferences=preferences) == pytest.approx(expected, **TOLERANCE)
    else:
        expected = np.mean([best(p) for p in preferences])
        assert r2(shifted, preferences=preferences) == pytest.approx(expected, **TOLERANCE)


def test_r2_of_a_point_is_an_integral() -> None:
    exact, _ = quad(lambda w: max(w * 0.2, (1 - w) * 0.6), 0, 1, points=[0.75])
    assert r2([[0.2, 0.6]], preferences=[[0.5, 0.5]]) == pytest.approx(exact, rel=1e-9)
    assert r2([[0.0, 0.0]], preferences=[[0.5, 0.5]]) == 0.0
    assert r2(NONE, preferences=NONE) == math.inf


@every_set
def test_diversity_agrees_with_double_loops(
    points: Array, front: Array, preferences: Array
) -> None:
    kept = slow_front(points)
    n, m = len(kept), points.shape[1]
    if n < 2:
        assert minimal_distance(points) is None
        assert spacing(points) == sparsity(points) == span(points) == 0.0
        return
    pairs = [math.dist(kept[i], kept[j]) for i in range(n) for j in range(i)]
    assert minimal_distance(points) == pytest.approx(min(pairs), **TOLERANCE)
    box = [max(p[i] for p in kept) - min(p[i] for p in kept) for i in range(m)]
    assert span(points) == pytest.approx(math.hypot(*box), **TOLERANCE)
    gaps = 0.0
    for i in range(m):
        ordered = sorted(p[i] for p in kept)
        gaps += sum((b - a) ** 2 for a, b in pairwise(ordered))
    assert sparsity(points) == pytest.approx(gaps / (n - 1), **TOLERANCE)


@every_set
def test_spacing_agrees_with_pymoo_and_a_double_loop(
    points: Array, front: Array, preferences: Array
) -> None:
    kept = np.array(slow_front(points))
    n = len(kept)
    if n < 3:
        assert spacing(points) == 0.0
        return
    nearest = [min(np.abs(kept[i] - kept[j]).sum() for j in range(n) if j != i) for i in range(n)]
    assert spacing(points) == pytest.approx(np.std(nearest, ddof=1), **TOLERANCE)
    # pymoo divides by n.
    population = float(SpacingIndicator()(kept)) * math.sqrt(n / (n - 1))
    assert spacing(points) == pytest.approx(population, **TOLERANCE)


@every_set
def test_spread_agrees_with_a_double_loop(points: Array, front: Array, preferences: Array) -> None:
    kept, m = slow_front(points), points.shape[1]
    anchors = np.vstack([np.ones(m), 1.2 - np.eye(m), np.full(m, 0.5)])
    ends = sum(min(math.dist(e, p) for p in kept) for e in anchors[1 : m + 1])
    n = len(kept)
    near = [
        min((math.dist(kept[i], kept[j]) for j in range(n) if j != i), default=0.0)
        for i in range(n)
    ]
    mean = sum(near) / n
    expected = (ends + sum(abs(d - mean) for d in near)) / (ends + n * mean)
    assert spread(points, anchors=anchors) == pytest.approx(expected, **TOLERANCE)


def test_even_set_between_the_experts_has_no_spread() -> None:
    assert spread(EVEN, anchors=ANCHORS) == pytest.approx(0.0, abs=1e-12)
    assert (spread(EVEN[1:4], anchors=ANCHORS) or 0.0) > 0.2
    assert spread([[0.5, 0.5]], anchors=ANCHORS) == 1.0
    assert spread([[0.5]], anchors=[[1.0], [0.5]]) == 0.0
    assert spread(NONE, anchors=ANCHORS) is None
    with pytest.raises(ShapeError, match="2 experts as rows"):
        spread(EVEN, anchors=ANCHORS[:2])


@pytest.mark.parametrize(
    ("metric", "value"),
    [(spacing, 0.0), (sparsity, 0.125), (span, math.sqrt(2)), (minimal_distance, math.sqrt(1 / 8))],
)
def test_even_set_has_the_values_of_a_manual_count(
    metric: Callable[[Array], float], value: float
) -> None:
    assert metric(EVEN) == pytest.approx(value, abs=1e-12)
    assert metric(np.vstack([EVEN, EVEN, [[1.0, 1.0]]])) == pytest.approx(value, abs=1e-12)


def test_no_points_are_counted_as_none() -> None:
    assert nondominated_points(NONE) == spacing(NONE) == sparsity(NONE) == span(NONE) == 0.0
    assert nondominated_share(NONE) == 1.0
    assert minimal_distance(NONE) is None
