import torch
from torch.nn import functional

from fusefront.problems.fine_tuning import fit_head


def clusters(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Three overlapping clusters of features on very different scales."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n) % 3
    centres = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    features = centres[labels] + torch.randn(n, 2, generator=generator)
    return features * torch.tensor([1000.0, 0.01]) + torch.tensor([5.0, -3.0]), labels


def penalised(weight: torch.Tensor, bias: torch.Tensor, n: int) -> torch.Tensor:
    """The objective in the features' own scale: cross-entropy and the prior on scaled weights."""
    features, labels = clusters(n)
    raw = features.double()
    logits = functional.linear(raw, weight, bias)
    prior = 0.5 * (weight * raw.std(0)).square().sum() / n
    return functional.cross_entropy(logits, labels) + prior


def test_no_small_change_of_the_head_lowers_the_penalised_loss() -> None:
    weight, bias = (t.double().requires_grad_() for t in fit_head(*clusters(300), 3))
    objective = penalised(weight, bias, 300)
    slope, rise = torch.autograd.grad(objective, [weight, bias])
    scale = clusters(300)[0].double().std(0)
    assert (slope / scale).abs().max() < 1e-3
    assert rise.abs().max() < 1e-3
    assert objective < penalised(torch.zeros(3, 2).double(), torch.zeros(3).double(), 300)


def test_head_classifies_most_examples_and_has_the_right_shapes() -> None:
    features, labels = clusters(300)
    weight, bias = fit_head(features, labels, 3)
    assert (weight.shape, bias.shape, weight.dtype) == ((3, 2), (3,), torch.float32)
    right = functional.linear(features, weight, bias).argmax(1) == labels
    assert right.float().mean() > 0.75


def test_features_are_unchanged_and_the_fit_is_repeatable() -> None:
    features, labels = clusters(60)
    before = features.clone()
    first, second = fit_head(features, labels, 3), fit_head(features, labels, 3)
    assert torch.equal(features, before)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_classes_without_examples_are_allowed() -> None:
    features, labels = clusters(60)
    weight, bias = fit_head(features, labels, 5)
    answers = functional.linear(features, weight, bias).argmax(1)
    assert answers.max() < 3


def test_constant_features_are_harmless() -> None:
    features, labels = clusters(60)
    constant = torch.cat([features, torch.full((60, 1), 7.0)], dim=1)
    weight, bias = fit_head(constant, labels, 3)
    expected, _ = fit_head(features, labels, 3)
    torch.testing.assert_close(weight, torch.cat([expected, torch.zeros(3, 1)], dim=1))
    assert bias.isfinite().all()
