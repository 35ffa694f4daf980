from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms.map.nested_map import NestedMAP
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.scalarizations import achievement
from fusefront.algorithms.training.rays import inner_rays
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.analytic.saturating import SaturatingProblem
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

Array = NDArray[np.float64]
SIDE = np.linspace(0, 1, 101)


def fit(view: ProblemView, algorithm: NestedMAP) -> FiniteSet:
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(0))
    assert isinstance(answer, FiniteSet)
    return answer


def trees(answer: FiniteSet, m: int) -> Array:
    """Coefficients of what is not an anchor."""
    rows = []
    for point in answer.points[m + 1 :]:
        assert isinstance(point, Coefficients)
        rows.append(point.values.double().numpy())
    return np.array(rows)


def distances(coefficients: Array, angle: float) -> Array:
    """Objectives `(..., m)`: squared distances of merges of unit vectors at an angle to each."""
    m = coefficients.shape[-1]
    gram = np.full((m, m), np.cos(np.radians(angle)))
    np.fill_diagonal(gram, 1)
    inner = coefficients @ gram
    found: Array = (coefficients * inner).sum(axis=-1, keepdims=True) - 2 * inner + 1
    return found


def twin(ray: Array, angle: float, scale: Array) -> Array:
    """The tree with the losses `scale` * objective in place of surrogates, pair by pair."""
    nodes = [(row, [i]) for i, row in enumerate(np.eye(len(ray)))]
    x, y = (axis[..., None] for axis in np.meshgrid(SIDE, SIDE))
    while len(nodes) > 1:
        values = [scale * distances(c, angle) for c, _ in nodes]
        metric = [np.average(v[t], weights=ray[t]) for v, (_, t) in zip(values, nodes, strict=True)]
        i, j = min(
            combinations(range(len(nodes)), 2), key=lambda p: abs(metric[p[0]] - metric[p[1]])
        )
        tasks = nodes[i][1] + nodes[j][1]
        merges = x * nodes[i][0] + y * nodes[j][0]
        asked = achievement(distances(merges, angle)[..., tasks], ray[tasks] / ray[tasks].sum())
        best = merges.reshape(-1, len(ray))[asked.argmin()]
        nodes = [n for k, n in enumerate(nodes) if k not in (i, j)] + [(best, tasks)]
    return nodes[0][0]


def test_tree_is_that_of_merging_pairs_by_the_losses_themselves() -> None:
    problem = QuadraticProblem(n_tasks=3, angle=80.0, complexity=3.0)
    answer = fit(open_view(problem), NestedMAP(points=4))
    scale = 3 ** np.linspace(0, 1, 3)
    for found, ray in zip(trees(answer, 3), inner_rays(3, 4), strict=True):
        expected = twin(ray, 80, scale)
        np.testing.assert_allclose(found, expected, atol=0.0101)


def test_two_tasks_get_the_merge_of_least_achievement() -> None:
    """Orthogonal experts, by a grid four times as fine."""
    problem = QuadraticProblem(angle=90.0)
    answer = fit(open_view(problem), NestedMAP(points=3))
    fine = np.stack(np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, 1, 401)), -1).reshape(-1, 2)
    g = distances(fine, 90)
    for ray in inner_rays(2, 3):
        best = achievement(g, ray).min()
        assert achievement(answer.objectives, ray).min() == pytest.approx(best, abs=2e-3)


def test_models_with_unlike_values_are_merged_last() -> None:
    problem = toy_problem(3)
    view = open_view(problem)
    own = np.diagonal(view.anchors.experts)
    gaps = {pair: abs(own[pair[0]] - own[pair[1]]) for pair in combinations(range(3), 2)}
    first = min(gaps, key=lambda pair: gaps[pair])
    fit(view, NestedMAP(points=1, examples=20))
    measured = [np.frombuffer(key[4:], dtype=np.float32) for key, _ in view._cache]
    pairs = [tuple(np.flatnonzero(row).tolist()) for row in measured[:20]]
    assert set(pairs) == {first}


@pytest.mark.parametrize("m", [2, 3, 5])
def test_cost_is_one_tree_per_ray_but_pairs_of_experts_are_measured_once(m: int) -> None:
    view = open_view(QuadraticProblem(n_tasks=m, angle=60.0))
    answer = fit(view, NestedMAP(points=2))
    rays = len(answer.points) - (m + 1)
    assert 1 <= rays <= 2
    first_pairs = {2: 1, 3: 1, 5: 2}[m]
    again = (m - 1 - first_pairs) * 20
    at_most = first_pairs * 20 + rays * (again + (m - 2) + 1)
    assert view.budget.ledger.validation_evaluations <= at_most
    assert view.budget.ledger.validation_evaluations > 20 * (m - 1)


def test_middle_of_a_concave_front_is_reached() -> None:
    problem = SaturatingProblem(width=0.5)
    answer = fit(open_view(problem), NestedMAP(points=5))
    assert answer.objectives.max(axis=1).min() < 0.97


def test_inner_rays_start_with_the_most_even_and_have_no_zero_importance() -> None:
    for m in (2, 3, 8):
        rays = inner_rays(m, 12)
        assert 6 <= len(rays) <= 12
        np.testing.assert_allclose(rays[0], 1 / m, atol=1e-6)
        np.testing.assert_allclose(rays.sum(axis=1), 1)
        assert (rays > 0).all()


def test_budget_that_ends_inside_a_tree_leaves_the_trees_before() -> None:
    problem = QuadraticProblem(n_tasks=3)
    view = open_view(problem, units=70 * 768)
    with pytest.raises(RuntimeError, match="budget"):
        fit(view, NestedMAP())
    answer = view.pareto_set_so_far()
    assert isinstance(answer, FiniteSet)
    assert len(answer.points) > 4
