"""Task vectors split in two parts: their sum is the vector, the first is its best approximation."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view

from fusefront.algorithms.hypernetworks.subspace import SubspaceHypernetwork, split_pool
from fusefront.errors import PreferenceError
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView


def test_parts_sum_to_the_task_vectors(view: ProblemView) -> None:
    pool = split_pool(view.experts, 2)
    leading, remainder = pool.task_vectors.chunk(2)
    torch.testing.assert_close(leading + remainder, view.experts.task_vectors)
    assert len(pool) == 2 * len(view.tasks)
    assert pool.tasks == len(view.tasks)
    assert not pool.original


def test_leading_part_is_the_best_approximation_of_its_rank() -> None:
    """Eckart and Young: the error is the norm of the singular values that are left out."""
    view = matrix_view(2)
    pool = split_pool(view.experts, 2)
    for index, vector in enumerate(view.experts.task_vectors):
        whole, rest = LAYOUT.unflatten(vector), LAYOUT.unflatten(pool.task_vectors[2 + index])
        for name in ("layers.0.mlp.w", "layers.1.mlp.w"):
            singular = torch.linalg.svdvals(whole[name])
            torch.testing.assert_close(rest[name].norm(), singular[2:].norm())
        assert rest["layers.0.mlp.b"].abs().max() == 0


def test_equal_coefficients_of_both_parts_are_those_of_the_task_vectors(view: ProblemView) -> None:
    values = torch.linspace(0.1, 0.5, len(view.tasks))
    split = split_pool(view.experts, 1).merge(Coefficients(values=torch.cat([values, values])))
    torch.testing.assert_close(split, view.experts.merge(Coefficients(values=values)))


def test_pareto_set_has_two_coefficients_and_needs_one_preference_per_task(
    generator: torch.Generator,
) -> None:
    view = matrix_view(3)
    answer = SubspaceHypernetwork(steps=3, rank=1).fit(view, generator=generator)
    found = answer.coefficients([0.2, 0.3, 0.5])
    assert found is not None
    assert found.values.shape == (2, 6)
    assert len(answer.models([0.2, 0.3, 0.5])) == 1
    with pytest.raises(PreferenceError):
        answer.point(np.full(6, 1 / 6))


def test_storage_counts_both_parts_and_the_network(generator: torch.Generator) -> None:
    view = matrix_view(2)
    answer = SubspaceHypernetwork(steps=0, rank=1).fit(view, generator=generator)
    network = 2 * 16 + (18 * 64 + 64) + (64 * 64 + 64) + (64 * 4 + 4)
    assert answer.trainable_parameters == network
    assert answer.storage_bytes() == 4 * (5 * LAYOUT.size + network)


def test_pool_is_not_modified(view: ProblemView) -> None:
    before = view.experts.task_vectors.clone()
    split_pool(view.experts, 1)
    assert torch.equal(view.experts.task_vectors, before)
