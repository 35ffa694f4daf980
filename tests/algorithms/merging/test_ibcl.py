"""IBCL against densities of Gaussians, and against the merges at both ends of its prior."""

import numpy as np
import pytest
import torch
from tests.algorithms.merging.pools import small_pool
from tests.algorithms.merging.test_fisher import logits_of

from fusefront.algorithms.merging.fisher import FisherMean
from fusefront.algorithms.merging.ibcl import IBCL, shared_scale
from fusefront.algorithms.pareto_set import MapSet
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem

CENTRE = [0.4, 0.6]


def fit(problem: ToyProblem, *, steps: int, deviation: float) -> MapSet:
    algorithm = IBCL(steps=steps, deviation=deviation)
    found = algorithm.fit(open_view(problem), generator=torch.Generator().manual_seed(5))
    assert isinstance(found, MapSet)
    return found


def test_model_is_the_mode_of_the_logarithmic_pool() -> None:
    """The density prod_i N(theta; expert_i, 1 / Lambda_i)^p_i, by torch's own Gaussians."""
    pool, p = small_pool(2), torch.tensor(CENTRE)
    precision = torch.rand(2, pool.layout.size, generator=torch.Generator().manual_seed(1)) + 0.1
    model = FisherMean(experts=pool, information=shared_scale(precision))(p).requires_grad_()
    densities = [
        torch.distributions.Normal(pool.pretrained + v, row.rsqrt())
        .log_prob(model)  # type: ignore[no-untyped-call]
        .sum()
        for v, row in zip(pool.task_vectors, precision, strict=True)
    ]
    (gradient,) = torch.autograd.grad(p @ torch.stack(densities), model)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-5)


def test_precisions_are_the_prior_plus_the_sum_of_squared_scores() -> None:
    """Drawn labels and examples are replayed; the mean is then taken entry by entry."""
    problem, steps, deviation = toy_problem(2), 6, 2.0
    found = fit(problem, steps=steps, deviation=deviation)
    again, batches = torch.Generator().manual_seed(5), open_view(problem).batches(1)
    expected = torch.full_like(problem.task_vectors, deviation**-2)
    for _ in range(steps):
        batch = next(batches)
        for task in range(2):
            params = (problem.pretrained + problem.task_vectors[task]).requires_grad_()
            logs = torch.log_softmax(logits_of(params, problem, batch.inputs[task], task), dim=0)
            label = int(torch.multinomial(logs.exp().detach(), 1, generator=again))
            (gradient,) = torch.autograd.grad(logs[label], params)
            expected[task] += gradient**2
    weights = torch.tensor(CENTRE)[:, None] * expected.double()
    mean = (weights * (problem.pretrained + problem.task_vectors)).sum(dim=0) / weights.sum(dim=0)
    torch.testing.assert_close(found.model(CENTRE).double(), mean, rtol=0, atol=1e-5)
    soup = problem.pretrained + torch.tensor(CENTRE) @ problem.task_vectors
    assert (found.model(CENTRE) - soup).norm() > 0.01 * soup.norm()


@pytest.mark.parametrize("steps", [0, 6])
def test_a_strict_prior_gives_the_rewarded_soup(steps: int) -> None:
    problem = toy_problem(2)
    soup = problem.pretrained + torch.tensor(CENTRE) @ problem.task_vectors
    found = fit(problem, steps=steps, deviation=1e-4).model(CENTRE)
    torch.testing.assert_close(found, soup, rtol=0, atol=1e-5)


def test_corners_are_the_experts(problem: ToyProblem) -> None:
    found = fit(problem, steps=5, deviation=3.0)
    for corner, vector in zip(np.eye(len(problem.tasks)), problem.task_vectors, strict=True):
        assert torch.equal(found.model(corner), problem.pretrained + vector)
