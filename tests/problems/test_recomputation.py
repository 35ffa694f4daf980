import pytest
import torch
from torch import Tensor

from fusefront.benchmark.run.meters import PeakMemory
from fusefront.problems.classifier import ClassifierOracle
from fusefront.problems.experts import Coefficients
from fusefront.problems.network import VARIABLE, recompute_blocks
from fusefront.testing.toy_problem import Backbone, ToyProblem, open_view, toy_problem


def gradient(problem: ToyProblem) -> tuple[Tensor, Tensor, int]:
    """Losses, their Jacobian and the peak of one step on a large batch."""
    view = open_view(problem)
    batch = next(view.batches(400))
    values = torch.full((2,), 0.4, requires_grad=True)
    with PeakMemory() as memory:
        losses = view.losses(Coefficients(values=values), batch)
        losses.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    return losses.detach(), values.grad, memory.peak_bytes


def test_same_bits_with_less_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = gradient(toy_problem(2))
    monkeypatch.setenv(VARIABLE, "1")
    again = gradient(toy_problem(2))
    assert torch.equal(plain[0], again[0])
    assert torch.equal(plain[1], again[1])
    assert again[2] < 0.8 * plain[2]


def test_blocks_use_the_parameters_of_their_first_pass() -> None:
    """They are put back after the forward pass; the backward pass comes later."""
    network = recompute_blocks(Backbone())
    inputs = torch.randn(5, 6)
    named = {n: (2 * p.detach()).requires_grad_() for n, p in network.named_parameters()}
    plain = Backbone()
    for model in (network, plain):
        out = torch.func.functional_call(model, named, (inputs,))
        found = torch.autograd.grad(out.square().sum(), list(named.values()))
        if model is network:
            first = found
    for a, b in zip(first, found, strict=True):
        assert torch.equal(a, b)


def test_only_fits_recompute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    oracle = toy_problem(2).oracle(frozenset({"validation"}))
    assert isinstance(oracle, ClassifierOracle)
    monkeypatch.setenv(VARIABLE, "0")
    plain = toy_problem(2).oracle(frozenset({"validation"}))
    base = toy_problem(2).pretrained
    a, b = (o.measure(base, "validation") for o in (oracle, plain))
    assert (a.loss == b.loss).all()
