import numpy as np
import pytest
import torch

from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.search.pools import SobolPool
from fusefront.algorithms.training.measured_pool import sobol
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import ToyProblem, open_view


def fit(problem: ToyProblem, units: int | None = None, points: int = 8) -> tuple[FiniteSet, int]:
    view = open_view(problem, units=units)
    answer = SobolPool(points=points).fit(view, generator=torch.Generator().manual_seed(1))
    assert isinstance(answer, FiniteSet)
    return answer, view.budget.ledger.validation_evaluations


@pytest.mark.parametrize(("dimensions", "count"), [(2, 16), (3, 12), (8, 64), (2, 1), (2, 0)])
def test_sobol_points_lie_in_the_unit_box(
    dimensions: int, count: int, generator: torch.Generator
) -> None:
    points = sobol(dimensions, count, generator)
    assert points.shape == (count, dimensions)
    assert ((points >= 0) & (points <= 1)).all()


def test_sobol_points_are_even_in_each_coordinate(generator: torch.Generator) -> None:
    points = sobol(3, 16, generator)
    for column in points.T:
        assert sorted((column * 16).floor().tolist()) == list(range(16))


def test_sobol_points_depend_on_the_generator_only() -> None:
    a, b, c = (sobol(2, 8, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_pretrained_model_and_experts_are_in_the_pool_for_free(problem: ToyProblem) -> None:
    answer, evaluations = fit(problem, points=8)
    m = len(problem.tasks)
    assert evaluations == 8
    assert len(answer.points) == 8 + m + 1
    np.testing.assert_allclose(answer.objectives[0], 1)
    np.testing.assert_allclose(np.diagonal(answer.objectives[1 : m + 1]), 0)


def test_objectives_are_those_of_the_points(problem: ToyProblem) -> None:
    answer, _ = fit(problem)
    free = open_view(problem)
    for point, objectives in zip(answer.points, answer.objectives, strict=True):
        np.testing.assert_array_equal(free.objectives(point), objectives)


def test_pool_is_as_large_as_the_budget_allows(problem: ToyProblem) -> None:
    _, evaluations = fit(problem, units=500, points=64)
    cost = open_view(problem)
    cost.evaluate(Coefficients(values=torch.zeros(len(problem.tasks))))
    assert evaluations == 500 // cost.budget.ledger.units


def test_budget_for_no_evaluation_leaves_the_known_models(problem: ToyProblem) -> None:
    answer, evaluations = fit(problem, units=1)
    assert evaluations == 0
    assert len(answer.points) == len(problem.tasks) + 1
