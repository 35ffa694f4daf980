"""Channels that are folded into a network against a network with channels, and known minimisers."""

import numpy as np
import pytest
import torch
from tests.algorithms.gradient.gramians import step
from tests.algorithms.quadratic import SIZE, quadratic_view
from torch import Tensor, nn
from torch.nn import functional

from fusefront.algorithms.hypernetworks.cosmos import (
    AlignedLinear,
    Conditioned,
    Cosmos,
    input_tensor,
)
from fusefront.errors import NotApplicableError
from fusefront.problems import PROBLEMS
from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout
from fusefront.problems.network import load_parameters
from fusefront.problems.view import ProblemView
from fusefront.problems.vision.small_vit import SmallVit, load_shipped
from fusefront.testing.toy_problem import open_view, toy_problem

LAYOUT = Layout(names=("embeddings.bias", "norm.w"), shapes=((8,), (2,)))


class WithChannels(nn.Module):
    """A patch embedding whose inputs are given the preference, spread over constant channels."""

    def __init__(self, plain: nn.Conv2d, kernel: Tensor, preference: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.cat([plain.weight, kernel], dim=1))
        self.plain = plain
        self.preference = preference

    def forward(self, images: Tensor) -> Tensor:
        shape = (len(images), -1, *images.shape[2:])
        channels = self.preference[None, :, None, None].expand(*shape)
        inputs = torch.cat([images, channels], dim=1)
        stride = self.plain.stride[0]
        return functional.conv2d(inputs, self.weight, self.plain.bias, stride=stride)


def quadratic(m: int) -> ProblemView:
    """The quadratic view with an input bias of 8 entries."""
    view = quadratic_view(m)
    old = view.experts
    names, vectors = old.names, old.task_vectors
    return view.over(
        ExpertPool(pretrained=old.pretrained, task_vectors=vectors, layout=LAYOUT, names=names)
    )


def features(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        found: Tensor = network(images)
        return found


@pytest.mark.parametrize("preference", [(1.0, 0.0), (0.3, 0.7)])
def test_folded_channels_are_channels_concatenated_to_the_images(
    preference: tuple[float, float], generator: torch.Generator
) -> None:
    """Check on a real vision transformer, where U sums a kernel over the patch."""
    p = torch.tensor(preference)
    experts = PROBLEMS["smoke-left-right"].load()().pool()
    images = torch.rand(3, 1, 12, 12, generator=generator)
    network = SmallVit(load_shipped("smoke").manifest["config"])
    load_parameters(network, experts.layout, experts.pretrained)
    patches = network.embeddings.patch_embeddings
    plain = patches.projection
    assert isinstance(plain, nn.Conv2d)
    kernel = 0.1 * torch.randn(*plain.weight.shape[:1], 2, 4, 4, generator=generator)
    patches.add_module("projection", WithChannels(plain, kernel, 5.0 * p))
    expected = features(network, images)

    model = Conditioned(scale=5.0).decode(experts, [experts.pretrained, kernel.sum(dim=(2, 3))], p)
    patches.add_module("projection", plain)
    unconditioned = features(network, images)
    load_parameters(network, experts.layout, model)
    torch.testing.assert_close(features(network, images), expected, atol=2e-5, rtol=1e-5)
    assert (unconditioned - expected).abs().max() > 0.1


def test_where_the_input_layer_has_no_bias_every_position_is_shifted(
    generator: torch.Generator,
) -> None:
    layout = Layout(names=("wte.weight", "wpe.weight", "h.0.w"), shapes=((5, 2), (3, 2), (4,)))
    base = torch.randn(layout.size, generator=generator)
    experts = ExpertPool(
        pretrained=base, task_vectors=torch.zeros(2, 20), layout=layout, names=("a", "b")
    )
    channels = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    found = Conditioned(scale=2.0).decode(experts, [base, channels], torch.tensor([0.25, 0.75]))
    moved = layout.unflatten(found - base)
    torch.testing.assert_close(moved["wpe.weight"], torch.tensor([[3.5, 7.5]]).expand(3, 2))
    assert not moved["wte.weight"].any()
    assert not moved["h.0.w"].any()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("embeddings.position_embeddings", "embeddings.patch_embeddings.projection.bias"), 1),
        (("embeddings.position_embeddings.weight", "embeddings.LayerNorm.bias"), 0),
        (("embeddings.class_embedding", "embeddings.position_embedding.weight"), 1),
        (("h.0.attn.bias", "wpe.weight"), 1),
    ],
)
def test_input_tensor_is_the_bias_of_the_patches_or_the_positions(
    names: tuple[str, str], expected: int
) -> None:
    assert input_tensor(Layout(names=names, shapes=((2,), (2,)))) == expected


def test_network_without_merged_embeddings_is_refused(generator: torch.Generator) -> None:
    with pytest.raises(NotApplicableError, match="input layer with a bias"):
        Cosmos().fit(quadratic_view(2), generator=generator)


@pytest.mark.parametrize("m", [2, 3])
def test_weights_are_the_gradient_of_weighted_sum_and_cosine(m: int) -> None:
    rng = np.random.default_rng(m)
    losses, p = rng.uniform(0.1, 2, m), rng.dirichlet(np.ones(m))

    def value(x: np.typing.NDArray[np.float64]) -> float:
        wanted = 1 / np.maximum(p, 0.01)
        cosine = x @ wanted / np.linalg.norm(x) / np.linalg.norm(wanted)
        return float(p @ x - 0.7 * cosine)

    slope = [(value(losses + d) - value(losses - d)) / 2e-6 for d in 1e-6 * np.eye(m)]
    found = AlignedLinear(alignment=0.7)(step(np.eye(m), losses=losses, preference=p))
    np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-8)


def test_cosine_adds_weight_where_importance_is() -> None:
    """To p itself, as published, it would take weight from the important task."""
    p = np.array([0.8, 0.2])
    found = AlignedLinear(alignment=0.5)(step(np.eye(2), losses=np.ones(2), preference=p)).numpy()
    assert found[0] > 0.8
    assert found[1] < 0.2
    published = p - 0.5 * (p / np.linalg.norm(p) - p.sum() / np.linalg.norm(p) / 2) / np.sqrt(2)
    assert published[0] < 0.8


def test_cosine_has_no_pull_where_importance_times_loss_is_equal_or_without_loss() -> None:
    p = np.array([0.5, 0.3, 0.2])
    aligned = AlignedLinear(alignment=2.0)(step(np.eye(3), losses=1 / p, preference=p))
    np.testing.assert_allclose(aligned, p, atol=1e-12)
    without = AlignedLinear(alignment=2.0)(step(np.eye(3), losses=np.zeros(3), preference=p))
    assert torch.isfinite(without).all()


@pytest.mark.parametrize("m", [2, 3])
def test_minimum_on_quadratic_losses_is_reached(m: int, generator: torch.Generator) -> None:
    """The input bias can be sum_i p_i W_i; shared weights are best at the mean of W_i."""
    view = quadratic(m)
    vectors = view.experts.task_vectors
    algorithm = Cosmos(steps=400, learning_rate=1e-2, alignment=0.0, scale=1.0)
    answer = algorithm.fit(view, generator=generator)
    for p in (np.eye(m)[0], np.full(m, 1 / m), np.linspace(1, 2, m) / np.linspace(1, 2, m).sum()):
        found = answer.model(p)
        expected = torch.from_numpy(p).float() @ vectors
        torch.testing.assert_close(found[:8], expected[:8], atol=0.03, rtol=0)
        torch.testing.assert_close(found[8:], vectors.mean(dim=0)[8:], atol=0.05, rtol=0)


def test_alignment_evens_out_importance_times_loss(generator: torch.Generator) -> None:
    """At p = (0.8, 0.2) shares p_0 L_0 / (p_0 L_0 + p_1 L_1) go from 0.2 towards one half."""
    shares = []
    for alignment in (0.0, 3.0):
        view = quadratic(2)
        algorithm = Cosmos(steps=300, learning_rate=1e-2, alignment=alignment, scale=1.0)
        answer = algorithm.fit(view, generator=generator)
        loss = view.evaluate(answer.model([0.8, 0.2])).loss * [0.8, 0.2]
        shares.append(loss[0] / loss.sum())
    assert abs(shares[1] - 0.5) < abs(shares[0] - 0.5) - 0.1


def test_every_preference_starts_at_the_average_of_the_experts(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = Cosmos(steps=0).fit(view, generator=generator)
    expected = view.experts.pretrained + view.experts.task_vectors.mean(dim=0)
    for p in np.eye(len(view.tasks)):
        torch.testing.assert_close(answer.model(p), expected)


def test_trained_numbers_and_storage_are_the_network_and_its_channels(
    generator: torch.Generator,
) -> None:
    answer = Cosmos(steps=1).fit(quadratic(3), generator=generator)
    assert answer.trainable_parameters == SIZE + 8 * 3
    assert answer.storage_bytes() == 4 * (SIZE + 8 * 3)


def test_a_step_costs_three_units_per_example(generator: torch.Generator) -> None:
    view = open_view(toy_problem(3))
    Cosmos(steps=5, batch_size=4).fit(view, generator=generator)
    assert view.budget.ledger.units == 5 * 3 * 3 * 4
    assert view.budget.ledger.validation_evaluations == 0
