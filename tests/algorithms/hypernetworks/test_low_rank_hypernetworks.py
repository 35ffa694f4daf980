"""Hypernetworks whose models leave the span of the experts."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.hypernetworks.lora import LoraHypernetwork
from fusefront.algorithms.hypernetworks.low_rank import LowRankHypernetwork
from fusefront.algorithms.hypernetworks.weights import (
    MOST_PARAMETERS,
    FullPreferenceHypernetwork,
    WeightHypernetwork,
)
from fusefront.algorithms.pareto_set import MapSet
from fusefront.algorithms.training.decoder import Decoder
from fusefront.algorithms.training.map_algorithm import MapAlgorithm
from fusefront.errors import NotApplicableError
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView

DECODERS = [
    LowRankHypernetwork(width=7, rank=2),
    LoraHypernetwork(width=7, chunk=5, rank=2),
    WeightHypernetwork(width=7),
]


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda d: type(d).__name__)
def test_every_preference_starts_at_task_arithmetic(
    decoder: Decoder, view: ProblemView, generator: torch.Generator
) -> None:
    parameters = decoder.start(view.experts, generator)
    arithmetic = view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(dim=0)
    for p in np.eye(len(view.tasks), dtype=np.float32):
        found = decoder.decode(view.experts, parameters, torch.from_numpy(p))
        assert isinstance(found, torch.Tensor)
        torch.testing.assert_close(found, arithmetic, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda d: type(d).__name__)
def test_gradient_is_that_of_finite_differences(
    decoder: Decoder, generator: torch.Generator
) -> None:
    """Compare for the sum of squares of the model, along a random direction of all parameters."""
    experts = matrix_view(2).experts
    start = decoder.start(experts, generator)
    start = [p + 0.1 * torch.randn(p.shape, generator=generator) for p in start]
    direction = [torch.randn(p.shape, generator=generator) for p in start]
    preference = torch.tensor([0.3, 0.7])

    def value(step: float) -> torch.Tensor:
        moved = [p + step * d for p, d in zip(start, direction, strict=True)]
        model = decoder.decode(experts, moved, preference)
        assert isinstance(model, torch.Tensor)
        return model.square().sum()

    leaves = [p.requires_grad_() for p in start]
    gradients = torch.autograd.grad(value(0.0), leaves)
    expected = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    with torch.no_grad():
        difference = (value(1e-3) - value(-1e-3)) / 2e-3
    torch.testing.assert_close(difference, torch.as_tensor(expected), rtol=2e-2, atol=1e-2)


def test_low_rank_model_is_the_merge_and_the_terms(generator: torch.Generator) -> None:
    experts = matrix_view(2).experts
    decoder = LowRankHypernetwork(width=7, rank=2)
    parameters = decoder.start(experts, generator)
    parameters = [p + torch.randn(p.shape, generator=generator) for p in parameters]
    embeddings, w1, b1, w2, b2, w3, b3, left, right, left2, right2 = parameters
    p = torch.tensor([0.3, 0.7])

    def output(row: int) -> torch.Tensor:
        hidden = (w1 @ torch.cat([p, embeddings[row]]) + b1).clamp_min(0)
        return w3 @ (w2 @ hidden + b2).clamp_min(0) + b3

    rows = torch.stack([output(0)[:2], output(1)[:2]])
    merged = LAYOUT.unflatten(experts.merge(Coefficients(values=rows, space="block")))
    found = decoder.decode(experts, parameters, p)
    assert isinstance(found, torch.Tensor)
    named = LAYOUT.unflatten(found)
    for name, row, b, a in (
        ("layers.0.mlp.w", 2, left, right),
        ("layers.1.mlp.w", 3, left2, right2),
    ):
        expected = merged[name] + b @ torch.diag(output(row)[2:]) @ a
        torch.testing.assert_close(named[name], expected, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(named["layers.0.mlp.b"], merged["layers.0.mlp.b"])


def test_lora_terms_have_the_requested_rank(generator: torch.Generator) -> None:
    experts = matrix_view(2).experts
    decoder = LoraHypernetwork(width=7, chunk=5, rank=2)
    parameters = decoder.start(experts, generator)
    before = decoder.decode(experts, parameters, torch.tensor([0.3, 0.7]))
    parameters = [p + torch.randn(p.shape, generator=generator) for p in parameters]
    after = decoder.decode(experts, parameters, torch.tensor([0.3, 0.7]))
    assert isinstance(before, torch.Tensor)
    assert isinstance(after, torch.Tensor)
    for name, change in LAYOUT.unflatten(after - before).items():
        assert (
            torch.linalg.matrix_rank(change, rtol=1e-4) == 2
            if change.ndim == 2
            else (change.abs().max() == 0)
        ), name


@pytest.mark.parametrize("m", [2, 3])
def test_full_hypernetwork_reaches_the_minimum_of_every_preference(
    m: int, generator: torch.Generator
) -> None:
    """sum_i p_i |W - W_i|^2 is least at W = sum_i p_i W_i."""
    view = matrix_view(m)
    algorithm = FullPreferenceHypernetwork(steps=500, learning_rate=3e-3, concentration=1.0)
    answer = algorithm.fit(view, generator=generator)
    experts = view.experts.pretrained + view.experts.task_vectors
    for p in (*np.eye(m), np.full(m, 1 / m)):
        expected = torch.tensor(p, dtype=torch.float32) @ experts
        torch.testing.assert_close(answer.model(p), expected, atol=0.06, rtol=0)


def test_epo_evens_out_the_weighed_losses_beyond_the_span_of_the_experts(
    generator: torch.Generator,
) -> None:
    view = matrix_view(2)
    algorithm = ALGORITHMS["phn-low-rank-epo"].make(
        steps=300, learning_rate=1e-2, concentration=1.0, rank=2
    )
    answer = algorithm.fit(view, generator=generator)
    batch = next(view.batches(1))
    for p in ([0.3, 0.7], [0.5, 0.5], [0.7, 0.3]):
        shares = torch.tensor(p) * view.losses(answer.model(p), batch)
        assert shares[0] / shares.sum() == pytest.approx(0.5, abs=0.05)


def test_full_hypernetwork_is_refused_where_it_would_be_too_large() -> None:
    view = matrix_view(2)
    width = MOST_PARAMETERS // LAYOUT.size
    with pytest.raises(NotApplicableError, match="phn-lora"):
        FullPreferenceHypernetwork(width=width).decoder(view)
    FullPreferenceHypernetwork(width=width - 1).decoder(view)


def count(decoder: Decoder, m: int, generator: torch.Generator) -> int:
    return sum(p.numel() for p in decoder.start(matrix_view(m).experts, generator))


def test_parameters_are_counted(generator: torch.Generator) -> None:
    m, p = 3, LAYOUT.size
    trunk = (m + 16) * 7 + 7 + 7 * 7 + 7 + 7 * (m + 2) + m + 2
    factors = 2 * (4 + 3) + 2 * (3 + 4)
    assert count(DECODERS[0], m, generator) == (2 + 2) * 16 + trunk + factors
    chunks = 6  # 28 entries in chunks of 5
    chunked = chunks * 64 + (m + 64) * 7 + 7 + 7 * 5 + 5 + 2 * 3 + 2 * 4
    assert count(DECODERS[1], m, generator) == chunked
    assert count(DECODERS[2], m, generator) == m * 7 + 7 + 2 * (7 * 7 + 7) + 7 * p + p


@pytest.mark.parametrize(("decoder", "models"), [*zip(DECODERS, [4, 1, 0], strict=True)])
def test_storage_counts_what_is_needed(
    decoder: Decoder, models: int, generator: torch.Generator
) -> None:
    """Besides the parameters: three task vectors and the pretrained model, a merge, or nothing."""

    class Fixed(MapAlgorithm):
        def decoder(self, view: ProblemView) -> Decoder:
            return decoder

    answer = Fixed(steps=0).fit(matrix_view(3), generator=generator)
    assert isinstance(answer, MapSet)
    expected = models * LAYOUT.size + count(decoder, 3, generator)
    assert answer.storage_bytes() == 4 * expected
