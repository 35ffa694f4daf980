"""Steps towards flat regions: against autograd task by task, and what they cost."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.gradient.flat import FlatLoss
from fusefront.algorithms.gradient.solvers import MGDA
from fusefront.algorithms.pareto_set import ConstantSet
from fusefront.algorithms.training.criterion import CrossEntropy
from fusefront.algorithms.training.weighting import Weighting
from fusefront.algorithms.training.weightings import Linear
from fusefront.problems.base import Batch
from fusefront.testing.toy_problem import Backbone, ToyProblem, open_view, toy_problem

RHO = 0.3


def gradient(problem: ToyProblem, params: Tensor, batch: Batch, task: int) -> Tensor:
    """Return the gradient of one task's loss by a forward pass of the network itself."""
    assert batch.labels is not None
    leaf = params.detach().clone().requires_grad_()
    named = problem.pool().layout.unflatten(leaf)
    features = torch.func.functional_call(Backbone(), named, (batch.inputs[batch.segments[task]],))
    logits = functional.linear(features, *problem.heads[task])
    loss = functional.cross_entropy(logits, batch.labels[task])
    return torch.autograd.grad(loss, leaf)[0]


def shortest(one: Tensor, two: Tensor) -> Tensor:
    """Return the shortest vector between two: MGDA for two tasks, in closed form."""
    share = ((two - one) @ two / (two - one).square().sum()).clamp(0, 1)
    return share * one + (1 - share) * two


def mixed(one: Tensor, two: Tensor) -> Tensor:
    return 0.3 * one + 0.7 * two


@pytest.mark.parametrize(("weighting", "combine"), [(MGDA(), shortest), (Linear(), mixed)])
def test_step_is_the_sum_of_two_combinations(
    weighting: Weighting, combine: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """Of the gradients at the model, and of what the worst case of each task adds to them."""
    problem = toy_problem(2)
    view = open_view(problem)
    batch = next(view.batches(8))
    point = (problem.pretrained + problem.task_vectors.mean(0)).requires_grad_()
    value = FlatLoss(rho=RHO)(
        view,
        point,
        [point],
        batch,
        preference=torch.tensor([0.3, 0.7]),
        weighting=weighting,
        criterion=CrossEntropy(),
        generator=torch.Generator(),
    )
    (found,) = torch.autograd.grad(value, point)
    at = [gradient(problem, point, batch, task) for task in range(2)]
    worst = [
        gradient(problem, point + RHO * g / g.norm(), batch, task) for task, g in enumerate(at)
    ]
    rests = [w - g for w, g in zip(worst, at, strict=True)]
    assert all(rest.norm() > 0.01 * g.norm() for rest, g in zip(rests, at, strict=True))
    torch.testing.assert_close(found, combine(*at) + combine(*rests), rtol=1e-4, atol=1e-6)


def test_the_value_of_a_step_is_the_weighted_loss_at_the_model() -> None:
    problem = toy_problem(2)
    view = open_view(problem)
    batch, preference = next(view.batches(8)), torch.tensor([0.3, 0.7])
    point = problem.pretrained.clone().requires_grad_()
    value = FlatLoss(rho=RHO)(
        view,
        point,
        [point],
        batch,
        preference=preference,
        weighting=Linear(),
        criterion=CrossEntropy(),
        generator=torch.Generator(),
    )
    torch.testing.assert_close(value, preference @ view.losses(point.detach(), batch))


@pytest.mark.parametrize("name", ["mgda", "pcgrad", "cagrad"])
def test_a_step_costs_two_passes_and_moves_otherwise_than_without_the_worst_case(name: str) -> None:
    units, size, models = 6_000, 10, []
    for suffix, passes in (("finetune", 3), ("flat-finetune", 6)):
        view = open_view(toy_problem(2), units=units)
        algorithm = ALGORITHMS[f"{name}-{suffix}"].make(batch_size=size, steps=30)
        found = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
        assert view.budget.ledger.units == 30 * passes * size * 2
        assert isinstance(found, ConstantSet)
        models.append(found.model([0.5, 0.5]))
    start = toy_problem(2).pretrained + toy_problem(2).task_vectors.mean(0)
    assert (models[1] - models[0]).norm() > 1e-3 * (models[0] - start).norm()


def test_a_budget_pays_for_half_as_many_steps() -> None:
    view = open_view(toy_problem(2), units=6 * 2 * 10 * 7 + 5)
    algorithm = ALGORITHMS["mgda-flat-finetune"].make(batch_size=10)
    algorithm.fit(view, generator=torch.Generator().manual_seed(1))
    assert view.budget.ledger.units == 6 * 2 * 10 * 7
