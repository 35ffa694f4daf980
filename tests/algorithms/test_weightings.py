"""Scalarizations as weightings: the weights are the gradient of the scalarization."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tests.algorithms.quadratic import quadratic_view
from torch import Tensor

from fusefront.algorithms.scalarizations import achievement, linear, tchebycheff
from fusefront.algorithms.training.criterion import CrossEntropy, NormalisedEntropy
from fusefront.algorithms.training.decoder import ConstantCoefficients, ConstantWeights, Decoder
from fusefront.algorithms.training.epo import EPO
from fusefront.algorithms.training.weighting import Step, Weighting, pull_back, weighted
from fusefront.algorithms.training.weightings import (
    AugmentedTchebycheff,
    Linear,
    SmoothTchebycheff,
    Tchebycheff,
)
from fusefront.benchmark.run.meters import PeakMemory
from fusefront.errors import NotApplicableError
from fusefront.problems import view as problem_view
from fusefront.testing.toy_problem import open_view, toy_problem

Array = np.typing.NDArray[np.float64]
P = torch.tensor([0.2, 0.5, 0.3])
G = torch.tensor([0.9, 0.3, 0.4])


def weights(weighting: Weighting, losses: Tensor = G, preference: Tensor = P) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    step = Step(losses=losses, preference=preference, gradients=None, generator=generator)
    return weighting(step)


Scalarization = Callable[[Array, Array], Any]


def slope(function: Scalarization, losses: Tensor = G, preference: Tensor = P) -> Tensor:
    """Central differences of a scalarization in the losses."""
    rows = []
    for i in range(len(losses)):
        step = 1e-6 * np.eye(len(losses))[i]
        up, down = (
            function(losses.double().numpy() + s * step, preference.double().numpy())
            for s in (1, -1)
        )
        rows.append((up - down) / 2e-6)
    return torch.tensor(rows).float()


def smooth(losses: Array, p: Array) -> float:
    return float(0.1 * np.log(np.exp(p * losses / 0.1).sum()))


@pytest.mark.parametrize(
    ("weighting", "function"),
    [
        (Linear(), linear),
        (Tchebycheff(), tchebycheff),
        (AugmentedTchebycheff(), achievement),
        (SmoothTchebycheff(), smooth),
    ],
)
def test_weights_are_the_gradient_of_the_scalarization(
    weighting: Weighting, function: Scalarization
) -> None:
    torch.testing.assert_close(weights(weighting), slope(function), atol=1e-5, rtol=1e-4)


def test_smooth_tchebycheff_becomes_tchebycheff_as_mu_falls() -> None:
    sharp = weights(SmoothTchebycheff(mu=1e-4))
    torch.testing.assert_close(sharp, weights(Tchebycheff()), atol=1e-6, rtol=0)


@pytest.mark.parametrize("decoder", [ConstantCoefficients(space="module"), ConstantWeights()])
@pytest.mark.parametrize("weighting", [Linear(), SmoothTchebycheff(), Tchebycheff()])
def test_normalised_weights_give_the_gradient_of_the_scalarization_of_normalised_losses(
    weighting: Weighting, decoder: Decoder
) -> None:
    view = open_view(toy_problem(3))
    generator = torch.Generator().manual_seed(0)
    leaves = [x.requires_grad_() for x in decoder.start(view.experts, generator)]
    batch = next(view.batches(20))
    value = weighted(
        view, decoder.decode(view.experts, leaves, P), leaves, batch,
        preference=P, weighting=weighting, criterion=CrossEntropy(), generator=generator,
    )  # fmt: skip
    (found,) = torch.autograd.grad(value, leaves)
    low, high = (
        CrossEntropy().scale(view) if weighting.normalised else (torch.zeros(3), torch.ones(3))
    )
    point = decoder.decode(view.experts, leaves, P)
    g = (view.losses(point, batch) - low) / (high - low)
    scalarized = {
        Linear: P @ g,
        Tchebycheff: (P * g).max(),
        SmoothTchebycheff: 0.1 * torch.logsumexp(P * g / 0.1, 0),
    }
    scalar = scalarized[type(weighting)]
    (expected,) = torch.autograd.grad(scalar, leaves)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


class FromGradients(Weighting):
    """The preference, but asking for gradients: must step as `Linear` does."""

    needs_gradients = True

    def __call__(self, step: Step) -> Tensor:
        assert step.gradients is not None
        self.seen = step.gradients
        return step.preference


@pytest.mark.parametrize("decoder", [ConstantCoefficients(space="tensor"), ConstantWeights()])
def test_gradients_of_every_task_give_the_same_step_and_are_those_of_autograd(
    decoder: Decoder,
) -> None:
    view = open_view(toy_problem(3))
    generator = torch.Generator().manual_seed(0)
    leaves = [x.requires_grad_() for x in decoder.start(view.experts, generator)]
    batch, found = next(view.batches(20)), []
    asking = FromGradients()
    for weighting in (asking, Linear()):
        point = decoder.decode(view.experts, leaves, P)
        value = weighted(
            view, point, leaves, batch,
            preference=P, weighting=weighting, criterion=CrossEntropy(), generator=generator,
        )  # fmt: skip
        found.append((value.detach(), torch.autograd.grad(value, leaves)[0]))
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-6)
    for task, row in enumerate(asking.seen):
        losses = view.losses(decoder.decode(view.experts, leaves, P), batch)
        (expected,) = torch.autograd.grad(losses[task], leaves)
        torch.testing.assert_close(row, expected.flatten(), rtol=1e-4, atol=1e-6)


def test_pulled_back_gradients_are_rows_over_all_leaves() -> None:
    a, b, unused = (torch.rand(s, requires_grad=True) for s in ((2,), (3,), (2,)))
    variable = torch.cat([2 * a, a.sum() * b])
    jacobian = torch.rand(4, 5)
    rows = pull_back(variable, jacobian, [a, b, unused])
    assert rows.shape == (4, 7)
    for row, outer in zip(rows, jacobian, strict=True):
        expected = torch.autograd.grad((variable * outer).sum(), [a, b], retain_graph=True)
        torch.testing.assert_close(row, torch.cat([*expected, torch.zeros(2)]))


def test_epo_on_maps_and_rays_costs_what_linear_scalarization_costs() -> None:
    units = []
    for weighting in (Linear(), EPO()):
        view = open_view(toy_problem(2))
        decoder, generator = ConstantCoefficients(), torch.Generator().manual_seed(0)
        leaves = [x.requires_grad_() for x in decoder.start(view.experts, generator)]
        weighted(
            view, decoder.decode(view.experts, leaves, P[:2]), leaves, next(view.batches(8)),
            preference=torch.tensor([0.5, 0.5]), weighting=weighting, criterion=CrossEntropy(),
            generator=generator,
        )  # fmt: skip
        units.append(view.budget.ledger.units)
    assert units[0] == units[1] == 3 * 16


@pytest.mark.parametrize("weighting", [Linear(), SmoothTchebycheff()])
def test_large_networks_pass_task_by_task_with_the_same_gradient_and_less_memory(
    weighting: Weighting, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradients, peaks, units = [], [], []
    for large in (10**9, 1):
        monkeypatch.setattr(problem_view, "LARGE", large)
        view, generator = open_view(toy_problem(3)), torch.Generator().manual_seed(0)
        decoder = ConstantCoefficients(space="tensor")
        leaves = [x.requires_grad_() for x in decoder.start(view.experts, generator)]
        batch = next(view.batches(300))
        with PeakMemory() as memory:
            value = weighted(
                view, decoder.decode(view.experts, leaves, P), leaves, batch,
                preference=P, weighting=weighting, criterion=CrossEntropy(), generator=generator,
            )  # fmt: skip
            value.backward()  # type: ignore[no-untyped-call]
        assert leaves[0].grad is not None
        gradients.append(leaves[0].grad)
        peaks.append(memory.peak_bytes)
        units.append(view.budget.ledger.units)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-6)
    assert peaks[1] < 0.6 * peaks[0]
    assert units[0] == units[1]


def test_normalised_entropy_is_one_where_all_classes_are_as_likely() -> None:
    view = open_view(toy_problem(2))
    batch = next(view.batches(8, labelled=False))
    flat = NormalisedEntropy().values(view, torch.zeros(view.experts.layout.size), batch)
    torch.testing.assert_close(flat, torch.ones(2))


def test_losses_that_no_expert_lowers_cannot_be_normalised() -> None:
    view = quadratic_view(2)
    view.anchors.pretrained_loss[1] = 0.0
    with pytest.raises(NotApplicableError, match="task-1"):
        CrossEntropy().scale(view)
