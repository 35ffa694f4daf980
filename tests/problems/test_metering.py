"""What the view refuses, and what it charges, beyond plain forward and backward passes."""

import pytest
import torch

from fusefront.errors import BudgetExhausted, ParameterError, PluginResultError
from fusefront.problems.base import Batch
from fusefront.problems.budget import Budget
from fusefront.problems.experts import Coefficients
from fusefront.problems.hold_out import held_out, not_held_out
from fusefront.problems.metering import check_batch, check_plain, counted
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

PROBLEM = toy_problem(2)


def view_of(units: int | None = None) -> ProblemView:
    return open_view(PROBLEM, units=units)


def leaf() -> torch.Tensor:
    return torch.zeros(2, requires_grad=True)


@pytest.mark.parametrize("kind", ["weights", "logits", "features"])
def test_every_further_backward_pass_costs_two_units_per_example(kind: str) -> None:
    view = view_of()
    batch = next(view.batches(4))
    weights = view.experts.pretrained.clone().requires_grad_()
    values = {
        "weights": lambda: view.losses(weights, batch),
        "logits": lambda: view.logits(weights, batch, 0),
        "features": lambda: view.features(weights, batch, 0),
    }[kind]()
    examples = 4 if kind in {"logits", "features"} else len(batch)
    for passes in (1, 2, 3):
        torch.autograd.backward(values.sum(), retain_graph=True)
        ledger = view.budget.ledger
        assert ledger.units == examples * (1 + 2 * passes)
        assert ledger.gradient_steps == passes


def test_a_backward_pass_beyond_the_cap_ends_the_fit() -> None:
    view = view_of(units=8 * 3 + 1)
    weights = view.experts.pretrained.clone().requires_grad_()
    losses = view.losses(weights, next(view.batches(4)))
    torch.autograd.backward(losses.sum(), retain_graph=True)
    with pytest.raises(BudgetExhausted):
        torch.autograd.backward(losses.sum())
    assert view.budget.ledger.units == 8 * 3


def test_losses_of_coefficients_are_differentiated_once() -> None:
    view = view_of()
    losses = view.losses(Coefficients(values=leaf()), next(view.batches(4)))
    torch.autograd.backward(losses.sum(), retain_graph=True)
    with pytest.raises(PluginResultError, match="second backward pass"):
        torch.autograd.backward(losses.sum())


def test_charges_after_the_first_change_neither_values_nor_gradients() -> None:
    inputs = torch.tensor([1.0, 2.0], requires_grad=True)
    values = inputs * 3
    same = counted(values, lambda: None)
    assert torch.equal(same, values)
    (gradient,) = torch.autograd.grad(same.sum(), inputs)
    assert torch.equal(gradient, torch.tensor([3.0, 3.0]))
    constant = torch.ones(2)
    assert counted(constant, lambda: None) is constant


def test_validation_labels_are_labelled_examples_that_count_once() -> None:
    view = view_of()
    point = Coefficients(values=torch.zeros(2))
    lengths = PROBLEM.oracle(frozenset({"validation"})).length("validation")
    view.evaluate(point, examples=3)
    assert view.budget.ledger.labelled_examples == 2 * 3
    view.evaluate(point)
    view.evaluate(view.experts.pretrained)
    assert view.budget.ledger.labelled_examples == sum(lengths)


def test_an_evaluation_that_is_refused_reads_no_labels() -> None:
    view = view_of(units=1)
    with pytest.raises(BudgetExhausted):
        view.evaluate(view.experts.pretrained)
    assert view.budget.ledger.labelled_examples == 0


def test_a_closed_budget_refuses_everything() -> None:
    view = view_of()
    batch = next(view.batches(4))
    view.budget.close()
    for call in (
        lambda: view.losses(view.experts.pretrained, batch),
        lambda: view.evaluate(view.experts.pretrained),
        lambda: next(view.batches(4)),
        lambda: view.over(view.experts).merge(Coefficients(values=torch.zeros(2))),
    ):
        with pytest.raises(PluginResultError, match="after the fit"):
            call()


def test_negative_charges_are_refused() -> None:
    budget = Budget(units=10)
    for amounts in ({"units": -1}, {"units": 0, "labelled_examples": -1}):
        with pytest.raises(ParameterError, match="at least 0"):
            budget.charge(**amounts)


@pytest.mark.parametrize(
    "segment", [slice(42, 0), slice(-2, 2), slice(0, 9), slice(0, 4, 2)], ids=str
)
def test_segments_must_be_slices_of_the_inputs(segment: slice) -> None:
    with pytest.raises(PluginResultError, match="slices of its 4 inputs"):
        check_batch(Batch(inputs=torch.zeros(4, 1), segments=(segment,), labels=None))


def test_plain_tensors_and_parameters_pass() -> None:
    check_plain(torch.zeros(2), leaf(), torch.nn.Parameter(torch.zeros(2)))
    with torch.no_grad():
        check_plain(leaf())
    with torch.inference_mode():
        check_plain(torch.zeros(2))


def test_the_held_out_test_cannot_be_opened() -> None:
    with held_out():
        with pytest.raises(PluginResultError, match="the test split"):
            PROBLEM.oracle(frozenset({"test", "validation"}))
        with pytest.raises(PluginResultError, match="the test split"):
            PROBLEM.anchors("test")
        with pytest.raises(PluginResultError, match="the test split"):
            PROBLEM.anchors(split="test")
        PROBLEM.anchors("validation")
        with not_held_out():
            PROBLEM.anchors("test")
    PROBLEM.oracle(frozenset({"test"}))
