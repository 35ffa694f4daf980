"""Concrete masks against torch's distribution, and the fits against loops written out."""

import pytest
import torch
from tests.algorithms.quadratic import LAYOUT, quadratic_view
from torch import Tensor

from fusefront.algorithms.adamerging.concrete import (
    ConcreteAdaMerging,
    ConcreteTaskArithmetic,
    logistic,
    relaxed,
    rescaled,
)
from fusefront.algorithms.base import Algorithm
from fusefront.problems.view import ProblemView


def fit(algorithm: Algorithm, view: ProblemView) -> Tensor:
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(3))
    return answer.model([1.0, *[0.0] * (len(view.tasks) - 1)])


def mean_per_tensor(view: ProblemView, mask: Tensor) -> Tensor:
    named = view.experts.layout.unflatten(mask)
    return torch.cat([(m / m.mean()).flatten() for m in named.values()])


def test_draws_are_relaxed_bernoulli_variables() -> None:
    """Half of the mass of a uniform variable's logit is where the median mask says."""
    noise = logistic(200_000, torch.Generator().manual_seed(0))
    mask = relaxed(torch.tensor(0.8), noise, 0.5)
    reference = torch.distributions.RelaxedBernoulli(
        torch.tensor(0.5), logits=torch.tensor(0.8), validate_args=False
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        expected = reference.sample(torch.Size([200_000]))  # type: ignore[no-untyped-call]
    levels = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95])
    torch.testing.assert_close(mask.quantile(levels), expected.quantile(levels), atol=0.01, rtol=0)
    assert float(mask.median()) == pytest.approx(
        float(relaxed(torch.tensor(0.8), 0.0, 0.5)), abs=0.01
    )


def test_rescaled_mask_has_mean_1_over_each_tensor() -> None:
    mask = torch.rand(10, generator=torch.Generator().manual_seed(1))
    found = rescaled(mask, LAYOUT)
    torch.testing.assert_close(found[:8].mean(), torch.tensor(1.0))
    torch.testing.assert_close(found[8:], mask[8:] / mask[8:].mean())


def test_without_training_both_are_task_arithmetic(view: ProblemView) -> None:
    pool = view.experts
    expected = pool.pretrained + 0.3 * pool.task_vectors.sum(dim=0)
    found = fit(ConcreteTaskArithmetic(steps=0), view)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_task_arithmetic_is_the_loop_written_out(view: ProblemView) -> None:
    generator = torch.Generator().manual_seed(3)
    pool, batches = view.experts, view.batches(16, labelled=False)
    delta = 0.3 * pool.task_vectors.sum(dim=0)
    logits = torch.zeros(len(pool.pretrained), requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=1e-2)
    for _ in range(12):
        u = torch.rand(len(logits), generator=generator).clamp(1e-6, 1 - 1e-6)
        mask = torch.sigmoid((logits + torch.log(u / (1 - u))) / 0.5)
        model = pool.pretrained + mean_per_tensor(view, mask) * delta
        optimiser.zero_grad()
        view.entropies(model, next(batches)).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    mask = torch.sigmoid(logits.detach() / 0.5)
    expected = pool.pretrained + mean_per_tensor(view, mask) * delta
    found = fit(ConcreteTaskArithmetic(steps=12, learning_rate=1e-2), view)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)


def test_adamerging_is_two_optimisers_in_turn_then_one(view: ProblemView) -> None:
    generator = torch.Generator().manual_seed(3)
    pool, batches = view.experts, view.batches(16, labelled=False)
    sizes = torch.tensor(pool.layout.sizes)
    logits = torch.zeros(len(pool.pretrained), requires_grad=True)
    c = torch.full((len(sizes), len(pool)), 0.3, requires_grad=True)
    inner, outer = (torch.optim.Adam([leaf], lr=1e-2) for leaf in (c, logits))

    def model(mask: Tensor) -> Tensor:
        rows = c.repeat_interleave(sizes, dim=0)
        return pool.pretrained + mean_per_tensor(view, mask) * (rows.T * pool.task_vectors).sum(
            dim=0
        )

    for _ in range(5):
        u = torch.rand(len(logits), generator=generator).clamp(1e-6, 1 - 1e-6)
        for optimiser in (inner, outer):
            mask = torch.sigmoid((logits + torch.log(u / (1 - u))) / 0.5)
            inner.zero_grad()
            outer.zero_grad()
            view.entropies(model(mask), next(batches)).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    mask = torch.sigmoid(logits.detach() / 0.5)
    last = torch.optim.Adam([c], lr=1e-2)
    for _ in range(5):
        last.zero_grad()
        view.entropies(model(mask), next(batches)).sum().backward()  # type: ignore[no-untyped-call]
        last.step()
    found = fit(ConcreteAdaMerging(steps=5, learning_rate=1e-2), view)
    torch.testing.assert_close(found, model(mask).detach(), rtol=0, atol=2e-4)


@pytest.mark.parametrize("form", [ConcreteTaskArithmetic, ConcreteAdaMerging])
def test_entropy_falls(form: type[Algorithm], view: ProblemView) -> None:
    batch = next(view.batches(60, labelled=False))
    before = fit(form(steps=0), view)  # type: ignore[call-arg]
    after = fit(form(steps=60, learning_rate=1e-2), view)  # type: ignore[call-arg]
    assert view.entropies(after, batch).sum() < view.entropies(before, batch).sum()


def test_mask_keeps_the_entries_that_help() -> None:
    """Quadratic losses and coefficients too large: the mask is low where vectors are large."""
    view = quadratic_view(2)
    batch = next(view.batches(1))
    found = fit(ConcreteTaskArithmetic(steps=400, learning_rate=5e-2, initial=1.0), view)
    start = view.experts.task_vectors.sum(dim=0)
    assert view.losses(found, batch).sum() < 0.9 * view.losses(start, batch).sum()
    ratio = found / start
    large = start[:8].abs() > start[:8].abs().median()
    assert ratio[:8][large].mean() < ratio[:8][~large].mean()


def test_steps_are_those_the_budget_covers(view: ProblemView) -> None:
    m = len(view.tasks)
    view.budget.units = 48 * m * 31
    fit(ConcreteAdaMerging(), view)
    assert view.budget.ledger.gradient_steps == 30
