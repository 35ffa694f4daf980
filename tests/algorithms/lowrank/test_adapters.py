"""LORPMAN and PaLoRA: a main model and adapters, W(p) = main + scale sum_i p_i B_i A_i."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view
from torch.nn import functional

from fusefront.algorithms.lowrank.adapter_manifolds import (
    LowRankParetoManifold,
    ParetoLowRankAdapters,
    Turns,
)
from fusefront.algorithms.lowrank.adapters import TaskAdapters, mixed, overlap
from fusefront.algorithms.pareto_set import MapSet
from fusefront.algorithms.training.decoder import TrainedMap
from fusefront.algorithms.training.rays import rays

FACTORS = 3 * (4 + 3) + 3 * (3 + 4)
"""Adapter parameters of the problem's two matrices, for rank 3 and one task."""


@pytest.mark.parametrize(("scale", "gain"), [(1.0, 1.0), (0.25, 3.0)])
def test_adapters_of_full_rank_start_at_the_experts_matrices(
    scale: float, gain: float, generator: torch.Generator
) -> None:
    experts = matrix_view(3).experts
    decoder = TaskAdapters(rank=3, scale=scale, gain=gain)
    parameters = decoder.start(experts, generator)
    main = LAYOUT.unflatten(experts.pretrained + 0.3 * experts.task_vectors.sum(dim=0))
    for task, p in enumerate(torch.eye(3)):
        model = decoder.decode(experts, parameters, p)
        assert isinstance(model, torch.Tensor)
        expert = LAYOUT.unflatten(experts.pretrained + experts.task_vectors[task])
        for name, found in LAYOUT.unflatten(model).items():
            torch.testing.assert_close(found, expert[name] if found.ndim == 2 else main[name])


def test_adapters_of_a_lower_rank_are_the_best_approximations(generator: torch.Generator) -> None:
    """The error at a corner has the singular values that are left out."""
    experts = matrix_view(2).experts
    decoder = TaskAdapters(rank=1)
    parameters = decoder.start(experts, generator)
    name = "layers.1.mlp.w"
    model = decoder.decode(experts, parameters, torch.tensor([1.0, 0.0]))
    assert isinstance(model, torch.Tensor)
    expert = LAYOUT.unflatten(experts.pretrained + experts.task_vectors[0])[name]
    main = LAYOUT.unflatten(parameters[0])[name]
    error = (LAYOUT.unflatten(model)[name] - expert).norm()
    torch.testing.assert_close(error, torch.linalg.svdvals(expert - main)[1:].norm())


def test_mixture_is_the_sum_of_weighed_products(generator: torch.Generator) -> None:
    b, a = torch.randn(3, 5, 2, generator=generator), torch.randn(3, 2, 4, generator=generator)
    w = torch.tensor([0.2, -0.5, 1.3])
    expected = sum((w[i] * b[i] @ a[i] for i in range(3)), torch.zeros(5, 4))
    torch.testing.assert_close(mixed(w, b, a), expected)


def test_overlap_is_the_sum_of_squared_cosines_of_the_products(generator: torch.Generator) -> None:
    b, a = torch.randn(4, 5, 2, generator=generator), torch.randn(4, 2, 3, generator=generator)
    products = (b @ a).flatten(1)
    pairs = ((0, 2), (0, 3), (2, 3))
    cosines = [functional.cosine_similarity(products[i], products[j], dim=0) for i, j in pairs]
    torch.testing.assert_close(overlap(b, a, [0, 2, 3]), torch.stack(cosines).square().sum())


def test_overlap_of_zero_adapters_is_zero_and_has_a_gradient() -> None:
    b, a = torch.zeros(2, 3, 1, requires_grad=True), torch.ones(2, 1, 3)
    value = overlap(b, a, [0, 1])
    value.backward()  # type: ignore[no-untyped-call]
    assert value == 0
    assert b.grad is not None
    assert b.grad.isfinite().all()


@pytest.mark.parametrize(
    "algorithm",
    [
        LowRankParetoManifold(steps=250, rank=3, learning_rate=1e-2, orthogonality=0.0),
        ParetoLowRankAdapters(steps=250, rank=3, learning_rate=1e-2),
    ],
    ids=["lorpman", "palora"],
)
def test_minimisers_in_the_span_are_reached_from_other_experts(
    algorithm: LowRankParetoManifold | ParetoLowRankAdapters, generator: torch.Generator
) -> None:
    """Matrices come to sum_i p_i W_i for all p, the vector to its best value for all of them."""
    view = matrix_view(2)
    moved = view.over(view.experts.altered(view.experts.task_vectors + 0.3))
    answer = algorithm.fit(moved, generator=generator)
    experts = view.experts.pretrained + view.experts.task_vectors
    for p in ([1.0, 0.0], [0.5, 0.5], [0.0, 1.0]):
        found = LAYOUT.unflatten(answer.model(p))
        for name, expected in LAYOUT.unflatten(torch.tensor(p) @ experts).items():
            if expected.ndim == 2:
                torch.testing.assert_close(found[name], expected, atol=0.05, rtol=0)


def parameters_of(answer: object) -> tuple[torch.Tensor, ...]:
    assert isinstance(answer, MapSet)
    assert isinstance(answer.function, TrainedMap)
    return answer.function.parameters


def test_main_model_is_frozen_in_the_second_phase_while_adapters_learn() -> None:
    view = matrix_view(2)
    view = view.over(view.experts.altered(view.experts.task_vectors + 0.3))
    mains, factors = [], []
    for frozen in (0.0, 0.5, 1.0):
        algorithm = LowRankParetoManifold(steps=10, rank=3, frozen=frozen)
        answer = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
        mains.append(parameters_of(answer)[0])
        factors.append(parameters_of(answer)[1])
    start = view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(dim=0)
    moves = [float((main - start).norm()) for main in mains]
    assert moves[0] < 1e-6 < moves[1] < moves[2]
    assert (
        factors[0]
        - parameters_of(
            LowRankParetoManifold(steps=0, rank=3).fit(view, generator=torch.Generator())
        )[1]
    ).norm() > 1e-4


def test_orthogonality_lowers_the_overlap() -> None:
    view = matrix_view(2)
    found = []
    for weight in (0.0, 10.0):
        algorithm = LowRankParetoManifold(
            steps=60, rank=2, learning_rate=1e-2, orthogonality=weight
        )
        answer = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
        b, a = parameters_of(answer)[1:3]
        found.append(float(overlap(b, a, [0, 1])))
    assert found[1] < 0.2 * found[0]


def test_turns_start_at_the_centre_and_end_at_the_powered_lattice() -> None:
    lattice = rays(3, 6)
    turns = Turns(lattice, spread=2.0)
    torch.testing.assert_close(turns.next(0.0), torch.full((3,), 1 / 3))
    halfway = turns.next(0.5)
    torch.testing.assert_close(
        halfway, lattice[1].clamp_min(1e-3) / lattice[1].clamp_min(1e-3).sum()
    )
    rest = [turns.next(1.0) for _ in range(len(lattice))]
    expected = (lattice.clamp_min(1e-3) ** 2).roll(-2, dims=0)
    torch.testing.assert_close(torch.stack(rest), expected / expected.sum(dim=1, keepdim=True))


@pytest.mark.parametrize(
    "algorithm",
    [LowRankParetoManifold(steps=0, rank=3), ParetoLowRankAdapters(steps=0, rank=3)],
    ids=["lorpman", "palora"],
)
def test_main_model_and_adapters_are_counted_and_stored(
    algorithm: LowRankParetoManifold | ParetoLowRankAdapters, generator: torch.Generator
) -> None:
    answer = algorithm.fit(matrix_view(4), generator=generator)
    assert answer.trainable_parameters == LAYOUT.size + 4 * FACTORS
    assert answer.storage_bytes() == 4 * answer.trainable_parameters


def test_a_step_costs_one_pass_of_its_batch(generator: torch.Generator) -> None:
    for algorithm in (
        LowRankParetoManifold(steps=3, rank=3, batch_size=2, frozen=0.5),
        ParetoLowRankAdapters(steps=3, rank=3, batch_size=2),
    ):
        view = matrix_view(2)
        algorithm.fit(view, generator=generator)
        assert view.budget.ledger.units == 3 * 4 * 3


def test_models_of_equal_parameters_differ_by_preference_only(generator: torch.Generator) -> None:
    """The map is affine in p: the centre is the mean of the corners."""
    answer = ParetoLowRankAdapters(steps=5, rank=3).fit(matrix_view(3), generator=generator)
    corners = torch.stack([answer.model(p) for p in np.eye(3)])
    torch.testing.assert_close(answer.model([1 / 3] * 3), corners.mean(dim=0))
