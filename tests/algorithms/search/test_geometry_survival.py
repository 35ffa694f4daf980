import numpy as np
import pytest
from numpy.typing import NDArray
from pymoo.core.population import Population

from fusefront.algorithms.search.geometry_survival import (
    GeometrySurvival,
    curvature,
    extremes,
    intercepts,
    scores,
)

Array = NDArray[np.float64]


def front(p: float, k: int = 41) -> Array:
    """Points of x^p + y^p = 1, including the ends."""
    angle = np.linspace(0, np.pi / 2, k)
    found: Array = np.stack([np.cos(angle), np.sin(angle)], axis=1).clip(0) ** (2 / p)
    return found


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 5.0])
def test_curvature_is_that_of_the_front(p: float) -> None:
    assert curvature(front(p), [0, 40]) == pytest.approx(p)


def test_curvature_of_a_sphere_of_three_objectives_is_two() -> None:
    drawn = np.abs(np.random.default_rng(0).normal(size=(4000, 3)))
    sphere = np.vstack([np.eye(3), drawn / np.linalg.norm(drawn, axis=1, keepdims=True)])
    assert curvature(sphere, [0, 1, 2]) == pytest.approx(2, abs=0.02)


def test_curvature_without_a_middle_is_one() -> None:
    assert curvature(np.eye(2), [0, 1]) == 1
    assert curvature(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), [0, 1]) == 1


def test_extremes_are_distinct_ends() -> None:
    assert sorted(extremes(front(2.0))) == [0, 40]
    assert sorted(extremes(np.ones((3, 2)))) == [0, 1]
    assert extremes(np.ones((1, 2))) == [0]


def test_intercepts_are_those_of_the_line_through_the_ends() -> None:
    scaled = front(2.0) * [2.0, 5.0]
    np.testing.assert_allclose(intercepts(scaled, [0, 40]), [2, 5])
    degenerate = np.array([[0.5, 1.0], [0.5, 1.0], [0.5, 1.0]])
    np.testing.assert_allclose(intercepts(degenerate, [0, 1]), [0.5, 1.0])


def test_scores_equal_those_of_a_readable_implementation() -> None:
    points = np.random.default_rng(1).uniform(0.1, 1, (12, 3))
    p = 1.7

    def distance(a: Array, b: Array) -> float:
        return float(sum(abs(x - y) ** p for x, y in zip(a, b, strict=True)) ** (1 / p))

    chosen = extremes(points)
    expected = dict.fromkeys(chosen, np.inf)
    while len(chosen) < len(points):
        score = {}
        for i in set(range(len(points))) - set(chosen):
            two = sorted(distance(points[i], points[j]) for j in chosen)[:2]
            score[i] = sum(two) / distance(points[i], np.zeros(3))
        best = max(score, key=lambda i: score[i])
        expected[best] = score[best]
        chosen.append(best)
    found = scores(points, extremes(points), p)
    np.testing.assert_allclose(found, [expected[i] for i in range(len(points))])


def survivors(objectives: Array, count: int) -> set[int]:
    population = Population.new("X", np.arange(len(objectives), dtype=float)[:, None])
    population.set("F", objectives)
    kept = GeometrySurvival()._do(None, population, n_survive=count)
    return {int(x) for x in kept.get("X")[:, 0]}


def test_better_ranks_and_the_ends_of_the_front_survive() -> None:
    objectives = np.vstack([front(2.0, 5), 1 + front(2.0, 6)])
    assert survivors(objectives, 5) == set(range(5))
    assert survivors(objectives, 8) > set(range(5))
    assert survivors(front(1.0, 41), 3) >= {0, 40}


def test_crowded_models_go_first() -> None:
    share = np.linspace(0, 1, 9)
    line = np.stack([share, 1 - share], axis=1)
    objectives = np.vstack([line, line[4] + [1e-6, -1e-6]])
    kept = survivors(objectives, 9)
    assert len({4, 9} & kept) == 1


def test_one_model_and_equal_models_survive() -> None:
    assert survivors(np.array([[0.5, 0.5]]), 1) == {0}
    assert len(survivors(np.full((6, 2), 0.5), 4)) == 4
