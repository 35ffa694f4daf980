from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.search import evolution
from fusefront.algorithms.search.evolution import EvolutionarySearch, directions
from fusefront.algorithms.search.pools import RandomPool
from fusefront.metrics.igd import igd_plus
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.analytic.saturating import SaturatingProblem
from fusefront.problems.base import Problem as FusionProblem
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import open_view

Array = NDArray[np.float64]
NAMES = ["nsga2", "nsga3", "moead", "sms-emoa", "rvea", "age-moea"]


def fit(
    problem: FusionProblem, algorithm: Any, seed: int = 0, units: int | None = None
) -> FiniteSet:
    view = open_view(problem, units=units)
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(seed))
    assert isinstance(answer, FiniteSet)
    return answer


def rows(answer: FiniteSet) -> Array:
    found = []
    for point in answer.points:
        assert isinstance(point, Coefficients)
        found.append(point.values.double().numpy())
    return np.array(found)


def search(name: str, **parameters: Any) -> EvolutionarySearch:
    algorithm = ALGORITHMS[name].make(**parameters)
    assert isinstance(algorithm, EvolutionarySearch)
    return algorithm


@pytest.mark.parametrize("name", NAMES)
def test_measures_what_pymoo_would_by_itself(name: str) -> None:
    """The models equal those of pymoo's own loop, in the same order, from the same seed."""
    problem = QuadraticProblem(n_tasks=2, angle=80.0)
    view = open_view(problem)
    asked: list[Array] = []

    class Whole(Problem):  # type: ignore[misc] # pymoo has no types
        def __init__(self) -> None:
            super().__init__(n_var=2, n_obj=2, xl=0.0, xu=1.0)

        def _evaluate(self, x: Array, out: dict[str, Any], *_: object, **__: object) -> None:
            asked.extend(x)
            points = [Coefficients(values=torch.from_numpy(r).float()) for r in x]
            out["F"] = np.array([view.objectives(p) for p in points])

    generator = torch.Generator().manual_seed(3)
    optimiser = evolution.OPTIMISERS[name](2, 10)
    seed = int(torch.randint(2**31, (1,), generator=generator))
    turns = 60 // optimiser.n_offsprings + 1
    minimize(Whole(), optimiser, ("n_gen", turns), seed=seed)
    found = rows(fit(problem, search(name, points=60, generations=6), seed=3))[3:]
    np.testing.assert_array_equal(found, np.array(asked, dtype=np.float32)[:60])


@pytest.mark.parametrize("name", NAMES)
def test_search_of_five_coefficients_is_well_ahead_of_random_ones(name: str) -> None:
    problem = QuadraticProblem(n_tasks=5, angle=60.0)
    front = problem.true_front()
    control = igd_plus(fit(problem, RandomPool(points=300)).objectives, front=front)
    found = igd_plus(fit(problem, search(name, points=300)).objectives, front=front)
    assert found < 0.85 * control


@pytest.mark.parametrize("name", NAMES)
def test_middle_of_a_concave_front_is_reached(name: str) -> None:
    problem = SaturatingProblem(width=0.5)
    answer = fit(problem, search(name, points=150))
    assert igd_plus(answer.objectives, front=problem.true_front()) < 0.03
    assert answer.objectives.max(axis=1).min() < 0.97


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("points", [1, 7, 30])
def test_the_requested_number_of_models_is_measured_and_all_are_in_the_pareto_set(
    name: str, points: int
) -> None:
    answer = fit(QuadraticProblem(n_tasks=3), search(name, points=points))
    assert len(answer.points) == points + 4
    inside = rows(answer)
    assert ((inside >= 0) & (inside <= 1)).all()


def test_rvea_accepts_objectives_without_range() -> None:
    """Ten tasks: few survivors, and of some objectives one value only."""
    answer = fit(QuadraticProblem(n_tasks=10, angle=60.0, dimension=128), search("rvea"))
    assert np.isfinite(answer.objectives).all()
    assert len(answer.points) == 511


def test_box_has_the_requested_width() -> None:
    found = rows(fit(QuadraticProblem(), search("nsga2", points=60, upper=0.25)))[3:]
    assert found.max() <= 0.25
    assert found.max() > 0.2


def test_population_is_a_share_of_what_the_budget_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Recorded(Exception):
        pass

    def spy(tasks: int, population: int) -> None:
        sizes.append(population)
        raise Recorded

    monkeypatch.setattr(evolution, "OPTIMISERS", {"spy": spy})
    for points in (5, 90, 200, 500, 5000):
        with pytest.raises(Recorded):
            EvolutionarySearch(points=points, optimiser="spy").fit(
                open_view(QuadraticProblem()), generator=torch.Generator()
            )
    assert sizes == [8, 8, 10, 25, 100]


@pytest.mark.parametrize(("tasks", "count"), [(2, 25), (3, 22), (8, 37), (10, 56)])
def test_directions_are_a_lattice_with_the_centre(tasks: int, count: int) -> None:
    found = directions(tasks, 25)
    assert len(found) == count
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert np.abs(found - 1 / tasks).max(axis=1).min() < 1e-6


def test_blocks_reach_beyond_the_front_of_task_coefficients() -> None:
    """Tasks that care for different blocks: both objectives at once, which one number per task
    cannot have."""
    problem = QuadraticProblem(sensitivity=100.0)
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41)), -1).reshape(-1, 2)
    view = open_view(problem)
    by_task = min(
        view.objectives(Coefficients(values=torch.from_numpy(c).float())).max() for c in grid
    )
    by_block = fit(problem, ALGORITHMS["nsga2-block"].make(points=500)).objectives.max(axis=1).min()
    assert by_block < 0.9 * by_task


def test_task_and_block_search_are_the_same_search_where_there_is_one_block() -> None:
    answer = fit(QuadraticProblem(dimension=4), ALGORITHMS["nsga2-block"].make(points=20))
    coefficients = answer.coefficients([0.5, 0.5])
    assert coefficients is not None
    assert coefficients.space == "block"
    coefficients = fit(QuadraticProblem(), search("nsga2", points=20)).coefficients([0.5, 0.5])
    assert coefficients is not None
    assert coefficients.space == "task"
