"""Merges by singular values: identities of the decompositions and numpy versions of each."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.algorithms.merging.pools import LAYOUT, small_pool
from torch import Tensor

from fusefront.algorithms.merging.isotropic import (
    IsotropicCommon,
    IsotropicCommonTaskSpecific,
    common_and_specific,
    isotropic,
)
from fusefront.algorithms.merging.matrices import orthonormal, transposed_linear, triplets
from fusefront.algorithms.merging.swept_merge import SweptMerge
from fusefront.algorithms.merging.tsvm import Tsvm, decorrelated
from fusefront.algorithms.merging.wudi import Wudi, normal_equations
from fusefront.problems.layout import Layout

Array = NDArray[np.float64]
ALGORITHMS = [Tsvm(), IsotropicCommon(), IsotropicCommonTaskSpecific(), Wudi(steps=20)]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def low_rank(o: int, i: int, rank: int, seed: int) -> Tensor:
    return drawn(o, rank, seed=seed) @ drawn(rank, i, seed=seed + 100)


def polar(matrix: Array) -> Array:
    """Nearest orthonormal columns, by M (M^T M)^-1/2."""
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    found: Array = matrix @ vectors @ np.diag(values**-0.5) @ vectors.T
    return found


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("m", [2, 3])
def test_merges_grow_with_their_coefficients(algorithm: SweptMerge, m: int) -> None:
    merge = algorithm.merge(small_pool(m), torch.Generator())
    c = torch.rand(m, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(merge(3 * c), 3 * merge(c), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tensors_that_are_not_matrices_are_averaged_and_alone_at_a_corner(
    algorithm: SweptMerge,
) -> None:
    pool = small_pool(3)
    merge = algorithm.merge(pool, torch.Generator())
    mean, corner = LAYOUT.unflatten(merge(torch.ones(3))), LAYOUT.unflatten(merge(torch.eye(3)[1]))
    for name in ("layers.0.mlp.bias", "norm.weight"):
        vectors = [LAYOUT.unflatten(v)[name] for v in pool.task_vectors]
        torch.testing.assert_close(mean[name], torch.stack(vectors).mean(dim=0))
        torch.testing.assert_close(corner[name], vectors[1])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tensor_that_no_expert_changed_stays_as_it_was(algorithm: SweptMerge) -> None:
    pool = small_pool(2)
    pool.task_vectors[:, :24] = 0
    merged = algorithm.merge(pool, torch.Generator())(torch.ones(2))
    assert torch.equal(merged[:24], torch.zeros(24))
    assert merged.isfinite().all()


def test_numerical_rank_ends_the_triplets() -> None:
    found = triplets(low_rank(9, 7, 3, seed=1))
    assert found.left.shape == (9, 3)
    assert found.right.shape == (3, 7)
    torch.testing.assert_close(
        (found.left * found.values) @ found.right, low_rank(9, 7, 3, seed=1), atol=1e-5, rtol=0
    )
    assert len(triplets(torch.zeros(4, 4)).values) == 0


@pytest.mark.parametrize("shape", [(8, 5), (5, 5), (4, 6)])
def test_nearest_orthonormal_matrix_is_the_polar_factor(shape: tuple[int, int]) -> None:
    matrix = drawn(*shape)
    found = orthonormal(matrix)
    if shape[0] >= shape[1]:
        torch.testing.assert_close(found.T @ found, torch.eye(shape[1]), atol=1e-5, rtol=0)
        expected = torch.from_numpy(polar(matrix.double().numpy())).float()
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    else:
        torch.testing.assert_close(found @ found.T, torch.eye(shape[0]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(10, 6), (6, 10), (9, 9)])
@pytest.mark.parametrize("tasks", [2, 3])
def test_tsvm_is_written_out(shape: tuple[int, int], tasks: int) -> None:
    weights = drawn(tasks, *shape, seed=tasks)
    rank = min(shape) // tasks
    lefts, values, rights = [], [], []
    for w in weights.double().numpy():
        u, s, v = np.linalg.svd(w, full_matrices=False)
        lefts.append(u[:, :rank])
        values.append(s[:rank])
        rights.append(v[:rank].T)
    u, v = polar(np.hstack(lefts)), polar(np.hstack(rights))
    expected = u @ np.diag(np.concatenate(values)) @ v.T
    found = decorrelated(weights).sum(dim=0).double().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_tsvm_of_tasks_that_do_not_meet_is_their_sum() -> None:
    """Orthogonal row and column spaces of rank r / m: nothing is cut, nothing interferes."""
    left, right = orthonormal(drawn(8, 6, seed=1)), orthonormal(drawn(7, 6, seed=2))
    values = torch.tensor([5.0, 4.0, 3.0, 2.5, 2.0, 1.0])
    parts = [slice(0, 2), slice(2, 4), slice(4, 6)]
    weights = torch.stack([(left[:, s] * values[s]) @ right[:, s].T for s in parts])
    torch.testing.assert_close(decorrelated(weights), weights, atol=1e-5, rtol=0)


def test_isotropic_sum_keeps_directions_and_total_and_evens_values() -> None:
    weights = drawn(3, 9, 6)
    left, values, right = torch.linalg.svd(weights.sum(dim=0), full_matrices=False)
    found = isotropic(weights)
    torch.testing.assert_close(
        torch.linalg.svdvals(found), values.mean().expand(6), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(
        left.T @ found @ right.T, values.mean() * torch.eye(6), atol=1e-4, rtol=0
    )


def test_isotropic_sum_of_low_rank_has_that_rank() -> None:
    weights = torch.stack([low_rank(9, 7, 1, seed=s) for s in (1, 2)])
    values = torch.linalg.svdvals(weights.sum(dim=0))[:2]
    found = torch.linalg.svdvals(isotropic(weights))
    expected = torch.cat([values.mean().expand(2), torch.zeros(5)])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_iso_cts_without_task_specific_directions_is_iso_c() -> None:
    weights = drawn(3, 9, 6)
    torch.testing.assert_close(
        common_and_specific(weights, 1.0), isotropic(weights), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    ("shape", "tasks", "common"),
    [((10, 8), 2, 0.5), ((8, 10), 3, 0.2), ((10, 8), 3, 0.0)],  # 8 / 3 rounded up is too many
)
def test_iso_cts_is_written_out(shape: tuple[int, int], tasks: int, common: float) -> None:
    weights = drawn(tasks, *shape, seed=tasks)
    arrays = weights.double().numpy()
    specific = min(round((8 - int(8 * common)) / tasks), 8 // tasks)
    shared = 8 - tasks * specific
    u, s, v = np.linalg.svd(arrays.sum(axis=0), full_matrices=False)
    lefts, values, rights = [u[:, :shared]], [s[:shared]], [v[:shared].T]
    for w in arrays:
        rest = w - u[:, :shared] @ u[:, :shared].T @ w
        a, b, c = np.linalg.svd(rest, full_matrices=False)
        lefts.append(a[:, :specific])
        values.append(b[:specific])
        rights.append(c[:specific].T)
    expected = np.concatenate(values).mean() * polar(np.hstack(lefts)) @ polar(np.hstack(rights)).T
    found = common_and_specific(weights, common).double().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def interference(merged: Tensor, weights: Tensor) -> Tensor:
    terms = [((merged - w) @ w.T).square().sum() / w.square().sum() for w in weights]
    return torch.stack(terms).sum()


def test_wudi_descends_along_the_gradient_of_the_interference() -> None:
    weights, merged = drawn(3, 5, 4), drawn(5, 4, seed=9).requires_grad_()
    (expected,) = torch.autograd.grad(interference(merged, weights), merged)
    gram, target = normal_equations(weights)
    torch.testing.assert_close(2 * (merged.detach() @ gram - target), expected)


def test_wudi_reaches_the_minimum_when_given_the_steps() -> None:
    weights = drawn(3, 5, 4)
    gram, target = normal_equations(weights)
    found = Wudi(steps=3000, learning_rate=2e-3).descend(weights)
    torch.testing.assert_close(found, torch.linalg.solve(gram, target.T).T, atol=2e-2, rtol=0)
    assert interference(found, weights) < interference(weights.sum(dim=0), weights)


def test_wudi_at_a_corner_is_the_expert() -> None:
    pool = small_pool(3)
    found = Wudi(steps=50).merge(pool, torch.Generator())(torch.eye(3)[2])
    assert torch.equal(found, pool.task_vectors[2])


def overlapping(shape: tuple[int, int], dtype: torch.dtype, overlap: float) -> Tensor:
    """Return two matrices whose rows are orthogonal, except for this share of the second one.

    Their directions are not axes, so that a gradient of exactly 0 comes out as rounding errors.
    """
    rows, columns = shape
    half = columns // 2
    generator = torch.Generator().manual_seed(rows)
    basis = torch.linalg.qr(torch.randn(columns, columns, generator=generator, dtype=dtype)).Q
    drawn = torch.randn(2, rows, half, generator=generator, dtype=dtype)
    second = drawn[1] @ (basis[half : 2 * half] + overlap * basis[:half])
    return torch.stack([drawn[0] @ basis[:half], second])


SHAPES = [(5, 4), (9, 6), (64, 48), (40, 300), (300, 40)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_wudi_keeps_the_sum_of_experts_without_interference(
    shape: tuple[int, int], dtype: torch.dtype
) -> None:
    weights = overlapping(shape, dtype, 0.0)
    gram, target = normal_equations(weights)
    total = weights.sum(dim=0)
    assert (total @ gram - target).abs().max() > 0
    assert torch.equal(Wudi(steps=5).descend(weights), total)


@pytest.mark.parametrize("shape", SHAPES)
def test_wudi_reduces_an_interference_of_a_thousandth(shape: tuple[int, int]) -> None:
    weights = overlapping(shape, torch.float32, 1e-3)
    before = interference(weights.sum(dim=0).double(), weights.double())
    merged = Wudi(steps=20, learning_rate=1e-5).descend(weights)
    assert interference(merged.double(), weights.double()) < 0.99 * before


def test_biases_determine_the_orientation_of_linear_weights() -> None:
    names = ("a.weight", "a.bias", "b.weight", "b.bias", "wte.weight")
    inputs_last = Layout(names=names, shapes=((3, 5), (3,), (4, 4), (4,), (9, 2)))
    inputs_first = Layout(names=names, shapes=((5, 3), (3,), (4, 4), (4,), (9, 2)))
    assert not transposed_linear(inputs_last)
    assert transposed_linear(inputs_first)
