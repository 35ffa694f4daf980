"""Adapters of a frozen pretrained model, and fine-tuning from merges of the experts."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.scalarization.lora import ConstantAdapter, LinearScalarizationAdapters
from fusefront.algorithms.scalarization.scalarized import (
    FinetuneFromArithmetic,
    FinetuneFromAverage,
)
from fusefront.algorithms.training.decoder import ConstantWeights
from fusefront.algorithms.training.rays import rays
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem


@pytest.mark.parametrize("initial", [0.0, 0.4])
def test_adapters_start_at_the_frozen_model(
    initial: float, view: ProblemView, generator: torch.Generator
) -> None:
    algorithm = LinearScalarizationAdapters(steps=0, rank=2, initial=initial)
    model = algorithm.fit(view, generator=generator).model(np.eye(len(view.tasks))[0])
    expected = view.experts.pretrained + initial * view.experts.task_vectors.sum(dim=0)
    torch.testing.assert_close(model, expected)


def test_adapters_of_full_rank_reach_the_minimum_of_every_ray_in_their_matrices(
    generator: torch.Generator,
) -> None:
    """sum_i p_i |W - W_i|^2 is least at sum_i p_i W_i; other tensors stay at the start."""
    view = matrix_view(2)
    algorithm = LinearScalarizationAdapters(rays=3, steps=150, rank=3, learning_rate=2e-2)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for ray, point in zip(rays(2, 3), answer.points, strict=True):
        assert isinstance(point, torch.Tensor)
        found = LAYOUT.unflatten(point)
        minimum = LAYOUT.unflatten(view.experts.pretrained + ray @ view.experts.task_vectors)
        base = LAYOUT.unflatten(view.experts.pretrained)
        for name, weight in found.items():
            expected = minimum[name] if weight.ndim == 2 else base[name]
            torch.testing.assert_close(weight, expected, atol=0.02, rtol=0)


def test_adapters_of_rank_one_find_the_best_term_of_rank_one(generator: torch.Generator) -> None:
    """Eckart and Young: the minimum of |W0 + BA - W_1|^2 over rank 1 is the leading term."""
    view = matrix_view(2)
    algorithm = LinearScalarizationAdapters(rays=2, steps=300, rank=1, alpha=1, learning_rate=2e-2)
    answer = algorithm.fit(view, generator=generator)
    moved = LAYOUT.unflatten(answer.model([1, 0]) - view.experts.pretrained)
    way = LAYOUT.unflatten(view.experts.task_vectors[0])
    for name in ("layers.0.mlp.w", "layers.1.mlp.w"):
        u, s, v = torch.linalg.svd(way[name])
        expected = s[0] * torch.outer(u[:, 0], v[0])
        torch.testing.assert_close(moved[name], expected, atol=0.02, rtol=0)


def test_product_is_scaled_by_alpha_over_rank(generator: torch.Generator) -> None:
    experts = matrix_view(2).experts
    decoder = ConstantAdapter(rank=2, alpha=6.0)
    parameters = [
        torch.randn(p.shape, generator=generator) for p in decoder.start(experts, generator)
    ]
    found = decoder.decode(experts, parameters, torch.tensor([1.0, 0.0]))
    assert isinstance(found, torch.Tensor)
    name = "layers.1.mlp.w"
    base = LAYOUT.unflatten(experts.pretrained)[name]
    expected = base + 3 * parameters[2] @ parameters[3]
    torch.testing.assert_close(LAYOUT.unflatten(found)[name], expected)


def test_only_factors_are_trained(generator: torch.Generator) -> None:
    algorithm = LinearScalarizationAdapters(rays=3, steps=0, rank=2)
    answer = algorithm.fit(matrix_view(2), generator=generator)
    assert answer.trainable_parameters == 3 * 2 * 2 * (4 + 3)


def test_start_from_the_average_is_the_average_of_the_experts(
    view: ProblemView, generator: torch.Generator
) -> None:
    m = len(view.tasks)
    model = FinetuneFromAverage(steps=0).fit(view, generator=generator).model(np.eye(m)[0])
    torch.testing.assert_close(
        model, view.experts.pretrained + view.experts.task_vectors.mean(dim=0)
    )


@pytest.mark.parametrize("m", [2, 3])
def test_start_from_arithmetic_is_the_best_of_the_grid_on_validation(m: int) -> None:
    """The mean of |c sum_t tau_t - tau_i|^2 / |tau_i|^2 is a parabola in c with one minimum."""
    view = quadratic_view(m)
    decoder = FinetuneFromArithmetic().decoder(view)
    tau = view.experts.task_vectors
    total, squares = tau.sum(dim=0), tau.square().sum(dim=1)
    best = ((tau @ total) / squares).mean() / (total @ total / squares).mean()
    assert isinstance(decoder, ConstantWeights)
    assert decoder.initial == pytest.approx(float(best), abs=0.05 + 1e-6)


def test_choice_of_the_start_is_paid_for() -> None:
    view = open_view(toy_problem(2))
    FinetuneFromArithmetic(examples=10).decoder(view)
    assert view.budget.ledger.validation_evaluations == 10
    assert view.budget.ledger.units == 10 * 10  # both tasks look at the same ten inputs


@pytest.mark.parametrize(
    "algorithm",
    [
        FinetuneFromAverage(rays=3, steps=120, learning_rate=3e-2),
        FinetuneFromArithmetic(rays=3, steps=120, learning_rate=3e-2),
    ],
    ids=["average", "arithmetic"],
)
def test_weights_reach_the_minimum_of_every_ray_from_either_start(
    algorithm: FinetuneFromAverage | FinetuneFromArithmetic,
    generator: torch.Generator,
) -> None:
    view = quadratic_view(2)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for ray, point in zip(rays(2, 3), answer.points, strict=True):
        assert isinstance(point, torch.Tensor)
        torch.testing.assert_close(point, ray @ view.experts.task_vectors, atol=1e-2, rtol=0)
