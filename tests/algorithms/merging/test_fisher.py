"""Fisher merging against autograd on single examples and against its formula."""

import math

import numpy as np
import pytest
import torch
from tests.algorithms.merging.pools import small_pool
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms.merging.fisher import Fisher, FisherMean, normalised, score
from fusefront.algorithms.merging.soups import RewardedSoup
from fusefront.algorithms.pareto_set import MapSet
from fusefront.testing.toy_problem import Backbone, ToyProblem, open_view, toy_problem


def test_mean_is_weighed_entry_by_entry() -> None:
    pool = small_pool(3)
    information = torch.rand(3, pool.layout.size, generator=torch.Generator().manual_seed(0)) + 0.01
    p = [0.2, 0.5, 0.3]
    found = FisherMean(experts=pool, information=information)(torch.tensor(p))
    experts = (pool.pretrained + pool.task_vectors).tolist()
    for j, value in enumerate(found.tolist()):
        weights = [p_i * float(f[j]) for p_i, f in zip(p, information, strict=True)]
        expected = sum(w * e[j] for w, e in zip(weights, experts, strict=True)) / sum(weights)
        assert value == pytest.approx(expected, abs=1e-5)


def test_mean_minimises_the_weighted_quadratic_distance_to_the_experts() -> None:
    """The gradient of sum_i p_i F_i (theta - theta_i)^2 is 0 there."""
    pool, p = small_pool(2), torch.tensor([0.3, 0.7])
    information = torch.rand(2, pool.layout.size, generator=torch.Generator().manual_seed(1)) + 0.01
    found = FisherMean(experts=pool, information=information)(p)
    pull = (p[:, None] * information * (found - pool.pretrained - pool.task_vectors)).sum(dim=0)
    torch.testing.assert_close(pull, torch.zeros_like(pull), rtol=0, atol=1e-6)


def test_corners_are_the_experts(problem: ToyProblem, generator: torch.Generator) -> None:
    answer = Fisher(steps=5).fit(open_view(problem), generator=generator)
    for corner, vector in zip(np.eye(len(problem.tasks)), problem.task_vectors, strict=True):
        assert torch.equal(answer.model(corner), problem.pretrained + vector)


def logits_of(flat: Tensor, problem: ToyProblem, x: Tensor, task: int) -> Tensor:
    named = open_view(problem).experts.layout.unflatten(flat)
    features = torch.func.functional_call(Backbone(), named, (x[None],))
    return functional.linear(features, *problem.heads[task])[0]


def test_information_is_the_mean_square_of_single_gradients(generator: torch.Generator) -> None:
    """Drawn labels and examples are replayed; every gradient is one call of autograd."""
    problem, steps = toy_problem(2), 6
    answer = Fisher(steps=steps).fit(open_view(problem), generator=generator)
    assert isinstance(answer, MapSet)
    assert isinstance(answer.function, FisherMean)
    again, batches = torch.Generator().manual_seed(5), open_view(problem).batches(1)
    expected = torch.zeros_like(problem.task_vectors)
    for _ in range(steps):
        batch = next(batches)
        for task in range(2):
            params = (problem.pretrained + problem.task_vectors[task]).requires_grad_()
            logs = torch.log_softmax(logits_of(params, problem, batch.inputs[task], task), dim=0)
            label = int(torch.multinomial(logs.exp().detach(), 1, generator=again))
            (gradient,) = torch.autograd.grad(logs[label], params)
            expected[task] += gradient**2 / steps
    for row, information in zip(expected, answer.function.information, strict=True):
        unit = (row / row.norm()).clamp_min(1e-6)
        torch.testing.assert_close(information, unit, rtol=1e-4, atol=1e-6)


def test_labels_are_drawn_from_the_prediction(generator: torch.Generator) -> None:
    """Over many draws squared scores average to the expectation over all classes."""
    problem = toy_problem(2)
    view, params = open_view(problem), problem.pretrained + 0.3 * problem.task_vectors[0]
    batch = next(view.batches(1, labelled=False))
    draws = 600
    found = sum(score(view, params.clone(), batch, 0, generator).square() for _ in range(draws))
    leaf = params.clone().requires_grad_()
    logs = torch.log_softmax(logits_of(leaf, problem, batch.inputs[0], 0), dim=0)
    squares = [torch.autograd.grad(x, leaf, retain_graph=True)[0].square() for x in logs]
    expected = sum(p * s for p, s in zip(logs.exp().detach(), squares, strict=True))
    assert isinstance(found, Tensor)
    assert isinstance(expected, Tensor)
    assert float((found / draws - expected).norm() / expected.norm()) < 4 / math.sqrt(draws)


def test_rows_have_unit_length_and_a_floor() -> None:
    found = normalised(torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]), 0.01)
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8, 0.01], [0.01, 0.01, 0.01]]))


def test_without_information_it_is_the_rewarded_soup(generator: torch.Generator) -> None:
    problem = toy_problem(2)
    answer = Fisher(steps=0).fit(open_view(problem), generator=generator)
    soup = RewardedSoup().fit(open_view(problem), generator=generator)
    torch.testing.assert_close(answer.model([0.3, 0.7]), soup.model([0.3, 0.7]), rtol=0, atol=1e-6)


def test_an_example_of_every_task_costs_a_forward_and_a_backward_pass(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    view, m = open_view(problem), len(problem.tasks)
    Fisher(steps=7).fit(view, generator=generator)
    assert view.budget.ledger.units == 7 * m * 3
    capped = open_view(problem, units=50)
    Fisher().fit(capped, generator=generator)
    assert capped.budget.ledger.units == 50 // (3 * m) * 3 * m
