"""Merges that treat matrices as matrices."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from ...problems.layout import Layout
from .regmean import inputs_first
from .swept_merge import effective_number, weighted_sum


class Triplets(NamedTuple):
    """Singular triplets of a matrix: `left` `(o, k)`, `values` `(k,)` falling, `right` `(k, i)`."""

    left: Tensor
    values: Tensor
    right: Tensor


def merge_matrices(
    pool: ExpertPool, coefficients: Tensor, of_matrix: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the `(P,)` merged vector: matrices merged by a function, other tensors averaged.

    Args:
        pool: The experts.
        coefficients: `(T,)`, non-negative.
        of_matrix: From `(T, o, i)` matrices c_i task_vector_i to the merged one, `(o, i)`.
    """
    merged = average(pool, coefficients)
    for start, shape in matrices(pool.layout):
        stop = start + shape[0] * shape[1]
        piece = pool.task_vectors[:, start:stop].to(merged.dtype) * coefficients[:, None]
        merged[start:stop] = of_matrix(piece.view(-1, *shape)).flatten()
    return merged


def average(pool: ExpertPool, coefficients: Tensor) -> Tensor:
    """Return the `(P,)` sum of c_i task_vector_i over the effective number of coefficients."""
    merged = weighted_sum(pool.task_vectors, coefficients)
    return merged / effective_number(coefficients.sum(), coefficients.square().sum())


def matrices(layout: Layout) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the offset and the shape of each tensor of two dimensions."""
    for start, shape in zip(layout.offsets, layout.shapes, strict=True):
        if len(shape) == 2:
            yield start, (shape[0], shape[1])


def triplets(matrix: Tensor, most: int | None = None) -> Triplets:
    """Return the largest singular triplets, at most `most`, and none beyond the numerical rank.

    Values up to eps * max(o, i) times the largest count as 0, because their vectors are arbitrary.
    """
    # A full decomposition, because truncated ones are randomised and not exact.
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    least = torch.finfo(values.dtype).eps * max(matrix.shape) * values[0]
    kept = int((values > least).sum())
    kept = kept if most is None else min(kept, most)
    return Triplets(left[:, :kept], values[:kept], right[:kept])


def orthonormal(columns: Tensor) -> Tensor:
    """Return the nearest matrix with orthonormal columns to `(d, k)`, or rows if k > d."""
    left, _, right = torch.linalg.svd(columns, full_matrices=False)
    nearest: Tensor = left @ right
    return nearest


def transposed_linear(layout: Layout) -> bool:
    """Return whether linear weights are `(d_in, d_out)`, judged by the lengths of their biases."""
    shapes = dict(zip(layout.names, layout.shapes, strict=True))
    widths = {}
    for name, shape in shapes.items():
        bias = shapes.get(f"{name.removesuffix('weight')}bias")
        if len(shape) == 2 and bias is not None and bias[0] in shape:
            widths[name] = shape[0] if shape[1] == bias[0] else shape[1]
    return inputs_first(layout, widths)
