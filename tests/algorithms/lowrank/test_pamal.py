"""Mixtures of members: sum_i p_i theta_i, minimised by the experts themselves on quadratics."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view

from fusefront.algorithms.lowrank.pamal import Members, ParetoManifoldLearning
from fusefront.problems.view import ProblemView


def test_training_starts_at_the_rewarded_soup(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = ParetoManifoldLearning(steps=0).fit(view, generator=generator)
    m = len(view.tasks)
    for p in (*np.eye(m), np.full(m, 1 / m)):
        soup = view.experts.pretrained + torch.tensor(p).float() @ view.experts.task_vectors
        torch.testing.assert_close(answer.model(p), soup)


def test_soup_of_quadratic_losses_is_optimal_already(generator: torch.Generator) -> None:
    """W(p) = sum_i p_i W_i is the minimiser for every p, so no gradient moves a member."""
    view = matrix_view(3)
    (members,) = Members().start(view.experts, generator)
    p = torch.tensor([0.2, 0.5, 0.3])
    model = Members().decode(view.experts, [members.requires_grad_()], p)
    assert isinstance(model, torch.Tensor)
    (p @ view.losses(model, next(view.batches(1)))).backward()  # type: ignore[no-untyped-call]
    assert members.grad is not None
    assert members.grad.abs().max() < 1e-6


def test_members_return_to_the_minimisers(generator: torch.Generator) -> None:
    """Experts that are not at the minima of their losses are moved there, by mixtures alone."""
    view = matrix_view(2)
    moved = view.experts.task_vectors + 0.3
    algorithm = ParetoManifoldLearning(steps=300, learning_rate=1e-2)
    answer = algorithm.fit(view.over(view.experts.altered(moved)), generator=generator)
    members = view.experts.pretrained + view.experts.task_vectors
    for p in ([1.0, 0.0], [0.5, 0.5], [0.0, 1.0]):
        expected = torch.tensor(p) @ members
        torch.testing.assert_close(answer.model(p), expected, atol=0.03, rtol=0)


def test_only_the_members_are_stored(generator: torch.Generator) -> None:
    answer = ParetoManifoldLearning(steps=0).fit(matrix_view(3), generator=generator)
    assert answer.trainable_parameters == 3 * LAYOUT.size
    assert answer.storage_bytes() == 4 * 3 * LAYOUT.size


@pytest.mark.parametrize("steps", [0, 5])
def test_pool_is_not_trained(steps: int, generator: torch.Generator) -> None:
    view = matrix_view(2)
    before = view.experts.pretrained + view.experts.task_vectors
    ParetoManifoldLearning(steps=steps, learning_rate=0.1).fit(view, generator=generator)
    assert torch.equal(view.experts.pretrained + view.experts.task_vectors, before)
