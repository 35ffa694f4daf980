"""Panacea and Pareto merging: a frozen merge and a low-rank term that depends on p."""

import numpy as np
import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT, matrix_view

from fusefront.algorithms.lowrank.panacea import Panacea, PreferenceSingularValues
from fusefront.algorithms.lowrank.pareto_merging import (
    DataFreeParetoMerging,
    ParetoMerging,
    PreferenceTensor,
    distances,
)
from fusefront.algorithms.scalarizations import tchebycheff
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem


def test_tensor_starts_at_task_arithmetic_for_every_preference(
    view: ProblemView, generator: torch.Generator
) -> None:
    decoder = PreferenceTensor(rank=2)
    parameters = decoder.start(view.experts, generator)
    arithmetic = view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(dim=0)
    for p in torch.eye(len(view.tasks)):
        found = decoder.decode(view.experts, parameters, p)
        assert isinstance(found, torch.Tensor)
        torch.testing.assert_close(found, arithmetic, atol=1e-6, rtol=1e-5)


def test_singular_values_start_at_the_leading_direction_to_each_expert(
    generator: torch.Generator,
) -> None:
    """At a corner the merge is moved along the best term of rank 1, as far as the mean task's."""
    experts = matrix_view(2).experts
    decoder = PreferenceSingularValues(rank=2)
    model = decoder.decode(experts, decoder.start(experts, generator), torch.tensor([0.0, 1.0]))
    assert isinstance(model, torch.Tensor)
    merge = experts.pretrained + 0.3 * experts.task_vectors.sum(dim=0)
    ways = [LAYOUT.unflatten(experts.pretrained + tau - merge) for tau in experts.task_vectors]
    for name, moved in LAYOUT.unflatten(model - merge).items():
        if moved.ndim == 2:
            u, s, v = torch.linalg.svd(ways[1][name])
            length = (torch.linalg.svdvals(ways[0][name])[0] + s[0]) / 2
            torch.testing.assert_close(moved, length * torch.outer(u[:, 0], v[0]))
        else:
            assert moved.abs().max() < 1e-6


def test_preference_is_the_last_singular_values(generator: torch.Generator) -> None:
    experts = matrix_view(3).experts
    decoder = PreferenceSingularValues(rank=2)
    parameters = decoder.start(experts, generator)
    u, v, values = (torch.randn(p.shape, generator=generator) for p in parameters[:3])
    p = torch.tensor([0.5, 0.3, 0.2])
    found = decoder.decode(experts, [u, v, values, *parameters[3:]], p)
    assert isinstance(found, torch.Tensor)
    merged = LAYOUT.unflatten(experts.pretrained + 0.3 * experts.task_vectors.sum(dim=0))
    diagonal = torch.diag(torch.tensor([*values[:2].tolist(), *(values[2] * p).tolist()]))
    name = "layers.0.mlp.w"
    torch.testing.assert_close(LAYOUT.unflatten(found)[name], merged[name] + u @ diagonal @ v)


def test_preference_contracts_the_tensor(generator: torch.Generator) -> None:
    experts = matrix_view(3).experts
    decoder = PreferenceTensor(rank=2)
    parameters = decoder.start(experts, generator)
    a, g, b = (torch.randn(p.shape, generator=generator) for p in parameters[:3])
    p = torch.tensor([0.5, 0.3, 0.2])
    found = decoder.decode(experts, [a, g, b, *parameters[3:]], p)
    assert isinstance(found, torch.Tensor)
    merged = LAYOUT.unflatten(experts.pretrained + 0.3 * experts.task_vectors.sum(dim=0))
    term = torch.einsum("ij,kjl,lm,k->im", a, g, b, p)
    name = "layers.0.mlp.w"
    torch.testing.assert_close(LAYOUT.unflatten(found)[name], merged[name] + term)


def test_corners_differ_by_the_best_term_of_one_singular_value_per_task(
    generator: torch.Generator,
) -> None:
    """On quadratic losses the way between two corners is that of the experts, cut to rank 2."""
    view = matrix_view(2)
    algorithm = Panacea(steps=500, learning_rate=3e-2, rank=3)
    answer = algorithm.fit(view, generator=generator)
    found = LAYOUT.unflatten(answer.model([1, 0]) - answer.model([0, 1]))
    wanted = LAYOUT.unflatten(view.experts.task_vectors[0] - view.experts.task_vectors[1])
    for name in ("layers.0.mlp.w", "layers.1.mlp.w"):
        u, s, v = torch.linalg.svd(wanted[name], full_matrices=False)
        expected = (u[:, :2] * s[:2]) @ v[:2]
        torch.testing.assert_close(found[name], expected, atol=0.03, rtol=0)
        assert (expected - wanted[name]).abs().max() > 0.05


def test_distances_are_relative_to_those_of_the_pretrained_model() -> None:
    experts = matrix_view(3).experts
    torch.testing.assert_close(distances(experts, experts.pretrained), torch.ones(3))
    for task, vector in enumerate(experts.task_vectors):
        found = distances(experts, experts.pretrained + vector)
        for other, its in enumerate(experts.task_vectors):
            expected = (vector - its).square().sum() / its.square().sum()
            torch.testing.assert_close(found[other], expected, atol=1e-5, rtol=1e-4)
        assert found[task] == pytest.approx(0, abs=1e-5)


def test_data_free_merging_beats_its_merge_in_the_tchebycheff_sense(
    generator: torch.Generator,
) -> None:
    """No task looked at data: only distances fall, and more for what is more important."""
    view = matrix_view(2)
    answer = DataFreeParetoMerging(rank=3).fit(view, generator=generator)
    merge = view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(dim=0)
    start = distances(view.experts, merge).double().numpy()
    values = []
    for w in (0.2, 0.5, 0.8):
        p = np.array([w, 1 - w])
        values.append(distances(view.experts, answer.model(p)).double().numpy())
        assert tchebycheff(values[-1], p) < 0.9 * tchebycheff(start, p)
    assert values[0][0] > values[1][0] > values[2][0]
    assert view.budget.ledger.units == 0


def test_pareto_merging_lowers_normalised_entropies_without_labels(
    generator: torch.Generator,
) -> None:
    view = open_view(toy_problem(3))
    batch = next(view.batches(50, labelled=False))
    before, after = (
        view.entropies(
            ParetoMerging(steps=steps, rank=2, learning_rate=1e-2)
            .fit(view, generator=torch.Generator().manual_seed(1))
            .model([1 / 3] * 3),
            batch,
        )
        for steps in (0, 60)
    )
    assert after.sum() < 0.9 * before.sum()
    assert view.budget.ledger.labelled_examples == 0


def test_parameters_are_counted_and_stored_with_the_merged_model(
    generator: torch.Generator,
) -> None:
    m, sides = 3, 2 * (4 + 3)
    for answer, expected in (
        (Panacea(steps=0, rank=2), (2 + m) * sides + 2 * (2 + 1)),
        (DataFreeParetoMerging(steps=0, rank=2), 2 * sides + 2 * m * 2 * 2),
    ):
        found = answer.fit(matrix_view(m), generator=generator)
        assert found.trainable_parameters == expected
        assert found.storage_bytes() == 4 * (expected + LAYOUT.size)
