"""Every fast gradient against autograd through the dense merge."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from fusefront.benchmark.run.meters import PeakMemory
from fusefront.problems.base import Batch
from fusefront.problems.experts import Coefficients
from fusefront.problems.layout import Space
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

SPACES: list[Space] = ["task", "block", "module", "tensor"]


@pytest.fixture
def view() -> ProblemView:
    return open_view(toy_problem(3))


def rows(view: ProblemView, space: Space, generator: torch.Generator) -> Tensor:
    groups = len(view.experts.layout.groups(space).names)
    shape = (3,) if space == "task" else (groups, 3)
    return torch.rand(shape, generator=generator)


@pytest.mark.parametrize("space", SPACES)
def test_gradient_in_coefficients_is_that_of_autograd_through_the_merged_weights(
    view: ProblemView, space: Space, generator: torch.Generator
) -> None:
    batch = next(view.batches(8))
    values = rows(view, space, generator).requires_grad_()
    weights = torch.tensor([0.2, 1.0, -0.5])

    def gradient(losses: Tensor) -> Tensor:
        (found,) = torch.autograd.grad(losses @ weights, values)
        return found

    point = Coefficients(values=values, space=space)
    slow = view.losses(view.experts.merge(point), batch)
    fast = view.losses(point, batch)
    assert torch.equal(fast, slow)
    torch.testing.assert_close(gradient(fast), gradient(slow), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("of", ["losses", "entropies"])
def test_jacobian_is_one_gradient_per_task(
    view: ProblemView, space: Space, of: str, generator: torch.Generator
) -> None:
    batch = next(view.batches(8))
    values = rows(view, space, generator).requires_grad_()
    point = Coefficients(values=values, space=space)
    expected = getattr(view, of)(view.experts.merge(point), batch)
    separate = [torch.autograd.grad(v, values, retain_graph=True)[0] for v in expected]
    jacobian: Callable[[Coefficients, Batch], tuple[Tensor, Tensor]]
    jacobian = view.loss_jacobian if of == "losses" else view.entropy_jacobian
    found, rows_found = jacobian(point, batch)
    torch.testing.assert_close(found, expected.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(rows_found, torch.stack(separate), rtol=1e-5, atol=1e-6)


def test_jacobian_in_parameters_is_one_gradient_per_task(view: ProblemView) -> None:
    batch = next(view.batches(8))
    params = view.experts.pretrained.clone().requires_grad_()
    losses = view.losses(params, batch)
    separate = [torch.autograd.grad(v, params, retain_graph=True)[0] for v in losses]
    _, found = view.loss_jacobian(params.detach(), batch)
    torch.testing.assert_close(found, torch.stack(separate), rtol=1e-5, atol=1e-6)


def test_jacobian_costs_one_backward_pass(view: ProblemView) -> None:
    batch = next(view.batches(8))
    view.loss_jacobian(Coefficients(values=torch.zeros(3)), batch)
    assert view.budget.ledger.units == 3 * len(batch)
    assert view.budget.ledger.gradient_steps == 1


def test_inactive_rows_get_no_gradient_and_do_not_change_others(
    view: ProblemView, generator: torch.Generator
) -> None:
    batch = next(view.batches(8))
    values = rows(view, "module", generator).requires_grad_()
    active = torch.arange(len(values)) % 2 == 0
    gradients = []
    for mask in (None, active):
        losses = view.losses(Coefficients(values=values, space="module", active=mask), batch)
        gradients.append(torch.autograd.grad(losses.sum(), values)[0])
    everywhere, some = gradients
    assert torch.equal(some[~active], torch.zeros_like(some[~active]))
    torch.testing.assert_close(some[active], everywhere[active])
    assert (everywhere[~active].abs().amax(1) > 0).all()


def test_memory_of_a_gradient_does_not_grow_with_the_number_of_tasks() -> None:
    """All tasks' passes have the same batch; only coefficients and heads are more."""
    peaks = []
    for m in (2, 3):
        view = open_view(toy_problem(m))
        batch = next(view.batches(24 // m))
        values = torch.zeros(m, requires_grad=True)
        with PeakMemory() as memory:
            view.losses(Coefficients(values=values), batch).sum().backward()  # type: ignore[no-untyped-call]
        peaks.append(memory.peak_bytes)
    assert peaks[1] < peaks[0] + 4 * view.experts.layout.size / 5


def test_no_gradient_of_the_size_of_the_model_is_formed() -> None:
    """Beyond activations there is the merged model, and the gradient of one tensor at a time."""
    view = open_view(toy_problem(2))
    batch = next(view.batches(1))
    values = torch.zeros(2, requires_grad=True)
    peaks = {}
    for name in ("fast", "dense"):
        with PeakMemory() as memory:
            point = Coefficients(values=values)
            model = point if name == "fast" else view.experts.merge(point)
            view.losses(model, batch).sum().backward()  # type: ignore[no-untyped-call]
        peaks[name] = memory.peak_bytes
    assert peaks["fast"] < peaks["dense"] - 4 * view.experts.layout.size / 2


def test_bfloat16_losses_are_near_and_scoring_stays_float32() -> None:
    problem = toy_problem(2)
    full, half = open_view(problem), open_view(problem, precision="bfloat16")
    point = Coefficients(values=torch.full((2,), 0.5))
    a, b = (v.losses(point, next(v.batches(20))) for v in (full, half))
    assert a.dtype == b.dtype == torch.float32
    assert not torch.equal(a, b)
    torch.testing.assert_close(a, b, rtol=0.05, atol=0.02)
    assert (full.evaluate(point).loss == half.evaluate(point).loss).all()
