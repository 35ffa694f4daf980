import numpy as np
import pytest
import torch

from fusefront.problems.analytic.disjoint import DisjointProblem
from fusefront.problems.experts import Coefficients


@pytest.mark.parametrize("m", [2, 3, 10])
def test_pretrained_model_plus_all_task_vectors_is_ideal_for_all_tasks(m: int) -> None:
    problem = DisjointProblem(n_tasks=m, dimension=70)
    merged = problem.pool().merge(Coefficients(values=torch.ones(m)))
    g = problem.anchors("test").objectives(
        problem.oracle(frozenset({"test"})).measure(merged, "test").value
    )
    np.testing.assert_allclose(g, 0, atol=1e-12)
    np.testing.assert_array_equal(problem.true_front(), np.zeros((1, m)))


def test_a_coefficient_affects_only_its_own_task() -> None:
    problem = DisjointProblem(n_tasks=3)
    pool, oracle = problem.pool(), problem.oracle(frozenset({"test"}))
    merged = pool.merge(Coefficients(values=torch.tensor([0.25, 1.0, 3.0])))
    g = problem.anchors("test").objectives(oracle.measure(merged, "test").value)
    np.testing.assert_allclose(g, [0.75**2, 0, 4], atol=1e-6)


def test_every_tensor_holds_parameters_of_every_task() -> None:
    problem = DisjointProblem(n_tasks=5, dimension=80)
    for vector in problem.pool().task_vectors:
        named = problem.pool().layout.unflatten(vector)
        assert all((part != 0).any() for part in named.values())
        assert float(vector.norm()) == pytest.approx(1)


def test_the_whole_box_is_dominated() -> None:
    assert DisjointProblem(n_tasks=4).maximal_hypervolume(1.5) == pytest.approx(1.5**4)
