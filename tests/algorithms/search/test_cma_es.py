import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.scalarizations import linear
from fusefront.algorithms.search.cma_es import CMAESSearch
from fusefront.algorithms.training.rays import inner_rays
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.analytic.saturating import SaturatingProblem
from fusefront.problems.base import Problem
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import open_view

Array = NDArray[np.float64]


def fit(problem: Problem, algorithm: CMAESSearch) -> tuple[Array, Array]:
    """Return coefficients and objectives of the measured models."""
    answer = algorithm.fit(open_view(problem), generator=torch.Generator().manual_seed(0))
    assert isinstance(answer, FiniteSet)
    rows = [p.values.double().numpy() for p in answer.points if isinstance(p, Coefficients)]
    known = len(problem.tasks) + 1
    return np.array(rows)[known:], answer.objectives[known:]


@pytest.mark.parametrize("m", [2, 3])
def test_weighted_sum_of_every_ray_is_least_at_the_ray_where_losses_are_quadratic(m: int) -> None:
    """The least of sum p_i |x - expert_i|^2 is x = sum p_i expert_i."""
    problem = QuadraticProblem(n_tasks=m, angle=70.0, complexity=5.0)
    rows, objectives = fit(problem, CMAESSearch(points=180 * m, rays=4, upper=0.9))
    for ray in inner_rays(m, 4):
        best = rows[linear(objectives, ray).argmin()]
        np.testing.assert_allclose(best, ray, atol=1e-2)


def test_optimum_outside_the_box_is_found_at_its_edge() -> None:
    problem = QuadraticProblem(angle=90.0)
    rows, objectives = fit(problem, CMAESSearch(points=300, rays=1, upper=0.3))
    best = rows[linear(objectives, np.array([0.5, 0.5])).argmin()]
    np.testing.assert_allclose(best, 0.3, atol=1e-3)
    assert rows.max() <= np.float32(0.3)


def test_rays_of_a_concave_front_end_at_the_experts() -> None:
    problem = SaturatingProblem(width=0.3)
    _, objectives = fit(problem, CMAESSearch(points=300, rays=3))
    for ray in inner_rays(2, 3):
        best = linear(objectives, ray).argmin()
        assert objectives[best].min() < 0.01
        assert objectives[best].max() > 0.98


def test_there_are_as_many_rays_as_the_points_give_generations() -> None:
    """Two tasks have six models per generation: a ray takes 48, and 150 are enough for three."""
    rows, _ = fit(QuadraticProblem(), CMAESSearch(points=150))
    assert len(rows) == 150
    lattice = inner_rays(2, 3)
    assert len(lattice) == 3
    for index, own in enumerate(np.split(rows, 3)):
        away = np.linalg.norm(lattice - own[-6:].mean(axis=0), axis=1)
        assert away.argmin() == index


def test_global_random_state_is_neither_read_nor_altered() -> None:
    np.random.seed(5)  # noqa: NPY002 - the state that must not matter
    before = np.random.get_state()[1].tolist()  # type: ignore[index] # noqa: NPY002
    first, _ = fit(QuadraticProblem(), CMAESSearch(points=40))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index] # noqa: NPY002
    np.random.seed(6)  # noqa: NPY002
    again, _ = fit(QuadraticProblem(), CMAESSearch(points=40))
    np.testing.assert_array_equal(first, again)
