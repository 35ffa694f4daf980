"""Low-rank terms: the matrices to which they are added, and how they start."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...errors import NotApplicableError
from ...problems.experts import ExpertPool
from ...problems.layout import Layout


@final
@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A matrix of a layout: the index of its tensor, and its shape."""

    index: int
    rows: int
    columns: int


def matrices(layout: Layout, rank: int) -> tuple[Matrix, ...]:
    """Return the tensors of two dimensions whose sides are both at least `rank`.

    Raises:
        NotApplicableError: If there are none.
    """
    found = tuple(
        Matrix(index=index, rows=shape[0], columns=shape[1])
        for index, shape in enumerate(layout.shapes)
        if len(shape) == 2 and min(shape) >= rank
    )
    if not found:
        raise NotApplicableError(
            f"The model must have a matrix with both sides at least `rank` = {rank}. "
            f"Found shapes {', '.join(map(str, layout.shapes))}."
        )
    return found


def add(
    layout: Layout, params: Tensor, targets: Sequence[Matrix], terms: Iterable[Tensor]
) -> Tensor:
    """Return `(P,)` parameters with a term `(rows, columns)` added to each target; differentiable.

    One copy of the parameters is made, and the terms are made one at a time.
    """
    pieces = list(torch.split(params, list(layout.sizes)))
    for target, term in zip(targets, terms, strict=True):
        pieces[target.index] = pieces[target.index] + term.reshape(-1)
    added: Tensor = torch.cat(pieces)
    return added


def towards_experts(
    experts: ExpertPool, params: Tensor, target: Matrix, rank: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Decompose the differences between a matrix of each expert and the same matrix of a model.

    Returns:
        U `(T, rows, rank)`, singular values `(T, rank)` and V `(T, rank, columns)`.
    """
    start = experts.layout.offsets[target.index]
    piece = slice(start, start + target.rows * target.columns)
    parts = []
    for vector in experts.task_vectors:
        moved = experts.pretrained[piece] + vector[piece] - params[piece]
        u, s, v = torch.linalg.svd(moved.view(target.rows, target.columns), full_matrices=False)
        parts.append((u[:, :rank], s[:rank], v[:rank]))
    left, values, right = map(torch.stack, zip(*parts, strict=True))
    return left, values, right


def gaussian(shape: Sequence[int], inputs: int, generator: torch.Generator) -> Tensor:
    """Draw from N(0, 1 / inputs), so that a product over `inputs` keeps the scale."""
    drawn: Tensor = torch.randn(*shape, generator=generator) / inputs**0.5
    return drawn
