from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike

from fusefront.algorithms.pareto_set import ConstantSet, FiniteSet, MapSet, ParetoSet
from fusefront.errors import PreferenceError
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.testing.toy_problem import toy_problem

OBJECTIVES = np.array([[0.0, 1.0], [0.3, 0.3], [1.0, 0.0]])


@pytest.fixture
def pool() -> ExpertPool:
    return toy_problem(2).pool()


def constant(pool: ExpertPool) -> ConstantSet:
    return ConstantSet(experts=pool, constant=Coefficients(values=torch.tensor([0.3, 0.3])))


def finite(pool: ExpertPool) -> FiniteSet:
    rows = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    points = [Coefficients(values=row) for row in rows]
    return FiniteSet(experts=pool, points=points, objectives=OBJECTIVES)


def soup(pool: ExpertPool) -> MapSet:
    return MapSet(experts=pool, function=lambda p: Coefficients(values=p), state_bytes=12)


Make = Callable[[ExpertPool], ParetoSet]
SETS: list[Make] = [constant, finite, soup]


@pytest.mark.parametrize("make", SETS)
@pytest.mark.parametrize(
    "preference", [[0.5, 0.4], [1.2, -0.2], [1.0], [0.2, 0.3, 0.5], [float("nan"), 1.0]]
)
def test_vector_off_the_simplex_is_refused(
    make: Make, pool: ExpertPool, preference: ArrayLike
) -> None:
    for ask in (make(pool).point, make(pool).model, make(pool).coefficients):
        with pytest.raises(PreferenceError):
            ask(preference)


@pytest.mark.parametrize("make", SETS)
def test_same_preference_has_the_same_model_twice(make: Make, pool: ExpertPool) -> None:
    answer = make(pool)
    assert torch.equal(answer.model([0.3, 0.7]), answer.model([0.3, 0.7]))


@pytest.mark.parametrize("make", SETS)
def test_model_is_the_merge_of_the_coefficients(make: Make, pool: ExpertPool) -> None:
    answer = make(pool)
    found = answer.coefficients([0.9, 0.1])
    assert found is not None
    assert torch.equal(answer.model([0.9, 0.1]), pool.merge(found))


def test_constant_set_returns_the_same_point_for_every_preference(pool: ExpertPool) -> None:
    answer = constant(pool)
    assert torch.equal(answer.model([1, 0]), answer.model([0, 1]))


@pytest.mark.parametrize(
    ("preference", "chosen"), [([1, 0], [1, 0]), ([0.5, 0.5], [0.5, 0.5]), ([0, 1], [0, 1])]
)
def test_finite_set_chooses_the_model_that_is_best_for_the_important_task(
    pool: ExpertPool, preference: list[float], chosen: list[float]
) -> None:
    found = finite(pool).coefficients(preference)
    assert found is not None
    assert found.values.tolist() == chosen


def test_larger_importance_never_selects_a_larger_objective(pool: ExpertPool) -> None:
    answer = finite(pool)
    ids = [id(p) for p in answer.points]
    chosen = [OBJECTIVES[ids.index(id(answer.point([p, 1 - p]))), 0] for p in np.linspace(0, 1, 21)]
    assert sorted(chosen, reverse=True) == chosen
    assert len(set(chosen)) == 3


def test_finite_set_of_parameters_has_no_coefficients(pool: ExpertPool) -> None:
    answer = FiniteSet(experts=pool, points=[pool.pretrained], objectives=np.zeros((1, 2)))
    assert answer.coefficients([0.5, 0.5]) is None
    assert torch.equal(answer.model([0.5, 0.5]), pool.pretrained)


def test_map_set_calls_its_function_in_single_precision(pool: ExpertPool) -> None:
    found = soup(pool).coefficients(np.array([0.25, 0.75]))
    assert found is not None
    assert found.values.dtype == torch.float32
    assert found.values.tolist() == [0.25, 0.75]


def test_storage_is_one_model_for_a_constant_and_the_pool_for_a_map(pool: ExpertPool) -> None:
    model = pool.pretrained.nbytes
    assert constant(pool).storage_bytes() == model
    assert soup(pool).storage_bytes() == 3 * model + 12


def test_storage_of_a_finite_set_is_the_models_or_the_pool_and_coefficients_if_less(
    pool: ExpertPool,
) -> None:
    model, recipe = pool.pretrained.nbytes, 2 * 4
    point = Coefficients(values=torch.zeros(2))

    def storage(*points: Coefficients | torch.Tensor) -> int:
        objectives = np.zeros((len(points), 2))
        return FiniteSet(experts=pool, points=points, objectives=objectives).storage_bytes()

    assert storage(point, point) == 2 * model
    assert storage(*[point] * 10) == 3 * model + 10 * recipe
    assert storage(*[pool.pretrained] * 10) == 10 * model


def test_outputs_are_named(pool: ExpertPool) -> None:
    assert [make(pool).output for make in SETS] == ["constant", "finite", "map"]
