import numpy as np
import pytest
from tests.problems.analytic.independent import Exact, hull_dominates, monte_carlo, weighted_minimum

from fusefront.errors import ParameterError
from fusefront.metrics.nondominated import nondominated
from fusefront.problems.analytic.twins import TwinsProblem


def test_tasks_of_a_group_share_expert_and_loss() -> None:
    problem = TwinsProblem(n_tasks=5, groups=2)
    vectors = problem.pool().task_vectors
    assert (vectors[0] == vectors[2]).all()
    assert (vectors[1] == vectors[3]).all()
    assert float(vectors[0] @ vectors[1]) == pytest.approx(0.5)
    g = Exact(problem)(np.linspace(-0.1, 0.2, 64))
    np.testing.assert_allclose(g[[2, 3, 4]], g[[0, 1, 0]])


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_minimisers_of_weighted_sums_over_all_parameters_are_the_front(groups: int) -> None:
    problem = TwinsProblem(n_tasks=5, groups=groups, angle=75.0, dimension=12)
    exact, front = Exact(problem), problem.front(50_000)
    for weights in np.random.default_rng(0).dirichlet(np.ones(5), 5):
        g = weighted_minimum(exact, weights, np.zeros(12))
        stated = (front @ weights).min()
        assert stated - 1e-4 <= weights @ g <= stated + 1e-9
        assert np.abs(front - g).max(axis=1).min() < 2e-2


@pytest.mark.parametrize(
    ("m", "groups", "angle", "ref"),
    [
        (3, 2, 60.0, 1.0),
        (4, 2, 90.0, 1.0),
        (5, 2, 130.0, 1.1),
        (4, 3, 60.0, 1.0),
        (6, 3, 50.0, 1.1),
    ],
)
def test_hypervolume_agrees_with_random_points(
    m: int, groups: int, angle: float, ref: float
) -> None:
    problem = TwinsProblem(n_tasks=m, groups=groups, angle=angle)

    def dominated(g: np.ndarray) -> np.ndarray:
        least = np.stack([g[:, i::groups].min(axis=1) for i in range(groups)], axis=1)
        return hull_dominates(least, 1 - np.cos(np.radians(angle)))

    found, error = monte_carlo(dominated, m, ref)
    assert problem.maximal_hypervolume(ref) == pytest.approx(found, abs=4 * error)


def test_one_group_has_no_conflict() -> None:
    problem = TwinsProblem(n_tasks=3, groups=1)
    np.testing.assert_array_equal(problem.true_front(), np.zeros((1, 3)))
    assert problem.maximal_hypervolume(1.1) == pytest.approx(1.1**3)


def test_unknown_hypervolume_is_none_and_an_empty_one_is_zero() -> None:
    assert TwinsProblem(n_tasks=4, groups=3, angle=90.0).maximal_hypervolume(1.0) is None
    assert TwinsProblem(n_tasks=4, angle=180.0).maximal_hypervolume(0.9) == 0


def test_front_is_nondominated_and_its_extremes_are_ideal_and_nadir() -> None:
    problem = TwinsProblem(n_tasks=6, groups=3)
    front = problem.true_front()
    assert nondominated(front).all()
    np.testing.assert_allclose(front.min(axis=0), problem.ideal, atol=1e-12)
    np.testing.assert_allclose(front.max(axis=0), problem.nadir)


def test_as_many_groups_as_tasks_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"`groups` must be below `n_tasks`\. Found 3 and 3"):
        TwinsProblem(n_tasks=3, groups=3)
