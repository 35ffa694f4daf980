from typing import get_args

import pytest
import torch
from torch import Tensor

from fusefront.benchmark.run.meters import PeakMemory
from fusefront.errors import ShapeError
from fusefront.problems import experts
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.layout import Layout, Space

SPACES = get_args(Space)
LAYOUT = Layout(
    names=("embed.w", "layers.0.attention.w", "layers.0.mlp.w", "layers.0.mlp.b", "embed.b"),
    shapes=((3, 2), (4, 4), (4, 5), (5,), (3,)),
)


def make_pool(experts: int = 3, dtype: torch.dtype = torch.float32) -> ExpertPool:
    generator = torch.Generator().manual_seed(0)
    return ExpertPool(
        pretrained=torch.randn(LAYOUT.size, generator=generator, dtype=dtype),
        task_vectors=torch.randn(experts, LAYOUT.size, generator=generator, dtype=dtype),
        layout=LAYOUT,
        names=[f"expert-{i}" for i in range(experts)],
    )


def make_values(pool: ExpertPool, space: Space) -> Tensor:
    rows = len(pool.layout.groups(space).names)
    shape = (len(pool),) if space == "task" else (rows, len(pool))
    generator = torch.Generator().manual_seed(1)
    return torch.randn(shape, generator=generator, dtype=pool.pretrained.dtype)


def plain_merge(pool: ExpertPool, values: Tensor, space: Space) -> Tensor:
    """pretrained + sum_t c[g, t] task_vector[t], one tensor of the layout after the other."""
    groups = pool.layout.groups(space)
    pieces, start = [], 0
    for size in pool.layout.sizes:
        (group,) = [g for a, b, g in groups.segments if a <= start < b]
        row = values.reshape(-1, len(pool))[group]
        piece = pool.pretrained[start : start + size]
        for t in range(len(pool)):
            piece = piece + row[t] * pool.task_vectors[t, start : start + size]
        pieces.append(piece)
        start += size
    return torch.cat(pieces)


@pytest.mark.parametrize("space", SPACES)
def test_merge_is_pretrained_model_plus_weighted_task_vectors(space: Space) -> None:
    pool = make_pool()
    values = make_values(pool, space)
    merged = pool.merge(Coefficients(values=values, space=space))
    torch.testing.assert_close(merged, plain_merge(pool, values, space))


@pytest.mark.parametrize("space", SPACES)
def test_gradient_of_merge_is_that_of_the_plain_formula(space: Space) -> None:
    pool = make_pool(dtype=torch.float64)
    values = make_values(pool, space)
    weights = torch.linspace(-1, 1, LAYOUT.size, dtype=torch.float64)
    one, two = (values.clone().requires_grad_() for _ in range(2))
    merged = pool.merge(Coefficients(values=one, space=space))
    plain = plain_merge(pool, two, space)
    (found,) = torch.autograd.grad(merged.sin() @ weights, one)
    (expected,) = torch.autograd.grad(plain.sin() @ weights, two)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_merge_at_a_corner_is_the_expert_bit_for_bit() -> None:
    pool = make_pool()
    for space in SPACES:
        for t in range(len(pool)):
            values = torch.zeros_like(make_values(pool, space))
            values[..., t] = 1
            merged = pool.merge(Coefficients(values=values, space=space))
            assert torch.equal(merged, pool.pretrained + pool.task_vectors[t])


def test_merge_with_zeros_is_the_pretrained_model_bit_for_bit() -> None:
    pool = make_pool()
    assert torch.equal(pool.merge(Coefficients(values=torch.zeros(3))), pool.pretrained)


def test_merge_accepts_coefficients_that_are_not_contiguous() -> None:
    pool = make_pool()
    values = make_values(pool, "module")
    strided = values.T.contiguous().T
    assert not strided.is_contiguous()
    merged = pool.merge(Coefficients(values=strided, space="module"))
    assert torch.equal(merged, pool.merge(Coefficients(values=values, space="module")))


@pytest.mark.parametrize("space", SPACES)
def test_memory_of_merge_and_its_gradient_does_not_grow_with_the_experts(space: Space) -> None:
    def peak(experts: int) -> int:
        pool = make_pool(experts)
        values = make_values(pool, space).requires_grad_()
        with PeakMemory() as memory:
            merged = pool.merge(Coefficients(values=values, space=space))
            torch.autograd.grad(merged.sum(), values)
        return int(memory.peak_bytes) - 4 * values.nbytes  # coefficients and their gradients

    assert peak(32) <= peak(2) <= 3 * make_pool().pretrained.nbytes


@pytest.mark.parametrize(
    ("shape", "space"), [((2,), "task"), ((1, 3), "task"), ((3,), "module"), ((4, 3), "module")]
)
def test_coefficients_of_another_shape_are_refused(shape: tuple[int, ...], space: Space) -> None:
    with pytest.raises(ShapeError, match=space):
        make_pool().merge(Coefficients(values=torch.zeros(shape), space=space))


def test_pool_of_tensors_that_do_not_fit_the_layout_is_refused() -> None:
    with pytest.raises(ShapeError, match="task_vectors"):
        ExpertPool(
            pretrained=torch.zeros(LAYOUT.size),
            task_vectors=torch.zeros(2, LAYOUT.size - 1),
            layout=LAYOUT,
            names=("a", "b"),
        )


def test_key_is_equal_for_equal_coefficients_only() -> None:
    one = Coefficients(values=torch.tensor([0.1, 0.2]))
    assert one.key() == Coefficients(values=torch.tensor([0.1, 0.2])).key()
    assert one.key() != Coefficients(values=torch.tensor([0.2, 0.1])).key()
    assert one.key() != Coefficients(values=torch.tensor([0.1, 0.2]), space="block").key()


def test_building_parameters_returns_them() -> None:
    pool = make_pool()
    params = torch.randn(LAYOUT.size)
    assert pool.build(params) is params
    assert torch.equal(pool.build(Coefficients(values=torch.zeros(3))), pool.pretrained)


def test_pool_reports_its_bytes() -> None:
    assert make_pool(3).nbytes == 4 * LAYOUT.size * 4


def test_coefficients_of_another_precision_are_accepted() -> None:
    pool = make_pool()
    values = torch.tensor([0, 1, 0])
    assert torch.equal(
        pool.merge(Coefficients(values=values)), pool.merge(Coefficients(values=values.double()))
    )


@pytest.mark.parametrize("space", ["task", "module", "tensor"])
def test_models_formed_together_equal_models_formed_one_by_one(
    space: Space, generator: torch.Generator
) -> None:
    pool = make_pool()
    groups = pool.layout.groups(space)
    rows = torch.randn(5, len(groups.names), len(pool), generator=generator)
    for params, values in zip(pool.merge_many(rows, groups), rows, strict=True):
        one = Coefficients(values=values[0] if space == "task" else values, space=space)
        torch.testing.assert_close(params, pool.merge(one))


def test_wide_segments_are_merged_and_contracted_in_pieces(
    monkeypatch: pytest.MonkeyPatch, generator: torch.Generator
) -> None:
    pool, values = make_pool(), torch.randn(3, generator=generator)
    gradient = torch.randn(pool.layout.size, generator=generator)
    expected = pool.merge(Coefficients(values=values)), pool.contract(gradient)
    monkeypatch.setattr(experts, "_COLUMNS", 5)
    torch.testing.assert_close(pool.merge(Coefficients(values=values)), expected[0])
    torch.testing.assert_close(pool.contract(gradient), expected[1])
    torch.testing.assert_close(expected[1], pool.task_vectors @ gradient)


def test_bfloat16_task_vectors_take_half_the_memory_with_only_rounding_errors(
    generator: torch.Generator,
) -> None:
    pool = make_pool()
    half = pool.altered(pool.task_vectors.to(torch.bfloat16))
    assert half.task_vectors.nbytes == pool.task_vectors.nbytes / 2
    values = torch.rand(3, generator=generator)
    exact, rounded = (p.merge(Coefficients(values=values)) for p in (pool, half))
    assert rounded.dtype == torch.float32
    bound = 2.0**-8 * (values[:, None] * pool.task_vectors).abs().sum(0) + 1e-6
    assert ((exact - rounded).abs() <= bound).all()
    assert not torch.equal(exact, rounded)
