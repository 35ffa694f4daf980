"""Expert pools: a base model and task vectors, merged by coefficients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..benchmark.errors import ShapeError
from .layout import Groups, Layout, Space


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients:
    """Merging coefficients: `values` `(T,)` in space `task`, else `(G, T)`, one row a group."""

    values: Tensor
    space: Space = "task"

    def key(self) -> bytes:
        """Bytes that are equal for equal coefficients."""
        return self.space.encode() + self.values.detach().contiguous().numpy().tobytes()


@final
class ExpertPool:
    """A base model and T experts of one layout, as flat float32 memory.

    Args:
        base: `(P,)` pretrained parameters.
        task_vectors: `(T, P)`, expert minus base, contiguous; may be memory-mapped.
        layout: Tensors that the P entries hold.
        names: T expert names, in the order of the task vectors.
    """

    def __init__(
        self, *, base: Tensor, task_vectors: Tensor, layout: Layout, names: Sequence[str]
    ) -> None:
        expected = (len(names), layout.size)
        if task_vectors.shape != expected or base.shape != (layout.size,):
            raise ShapeError(
                f"`task_vectors` must be {expected} and `base` {expected[1:]}. "
                f"Found {tuple(task_vectors.shape)} and {tuple(base.shape)}."
            )
        self.base = base
        self.task_vectors = task_vectors
        self.layout = layout
        self.names = tuple(names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def nbytes(self) -> int:
        """Bytes of the base model and the task vectors."""
        return self.base.nbytes + self.task_vectors.nbytes

    def merge(self, coefficients: Coefficients) -> Tensor:
        """`(P,)` parameters `base + sum_t c[g, t] * task_vector_t` of each group g.

        Differentiable in the coefficients. Forward is one GEMV a segment over contiguous memory,
        backward the inner products `<dW_g, task_vector_t>`; nothing of size T x P is allocated.
        """
        groups = self.layout.groups(coefficients.space)
        values = coefficients.values
        expected: tuple[int, ...] = (len(self),)
        if coefficients.space != "task":
            expected = (len(groups.names), len(self))
        if values.shape != expected:
            raise ShapeError(
                f"Coefficients in space `{coefficients.space}` must be {expected}. "
                f"Found {tuple(values.shape)}."
            )
        rows = values.to(self.base.dtype).reshape(-1, len(self))
        merged: Tensor = _Merge.apply(  # type: ignore[no-untyped-call]
            rows, self.base, self.task_vectors, groups
        )
        return merged

    def build(self, point: Coefficients | Tensor) -> Tensor:
        """`(P,)` parameters of a point: coefficients are merged, parameters are themselves."""
        return self.merge(point) if isinstance(point, Coefficients) else point


class _Merge(torch.autograd.Function):
    """W_g = base_g + task_vectors_g^T c_g, with d c[g, t] = <dW_g, task_vector[t, g]>."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, base: Tensor, task_vectors: Tensor, groups: Groups
    ) -> Tensor:
        ctx.task_vectors, ctx.groups = task_vectors, groups
        merged = torch.empty_like(base)
        for start, stop, group in groups.segments:
            torch.addmv(
                base[start:stop],
                task_vectors[:, start:stop].T,
                values[group],
                out=merged[start:stop],
            )
        return merged

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = gradients
        groups: Groups = ctx.groups
        rows = gradient.new_zeros(len(groups.names), ctx.task_vectors.shape[0])
        for start, stop, group in groups.segments:
            rows[group].addmv_(ctx.task_vectors[:, start:stop], gradient[start:stop])
        return rows, None, None, None
