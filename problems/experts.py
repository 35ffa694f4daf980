"""Pools of experts: a pretrained model and task vectors, merged by coefficients."""

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..deprecation import renamed_fields
from ..errors import ShapeError
from .layout import Groups, Layout, Space

Key = TypeVar("Key", bound=Hashable)
_COLUMNS: Final = 1 << 22
"""Columns of task vectors that are processed at once: 16 MiB per task."""
_COLUMNS_OF_MANY: Final = 1 << 15
"""Columns if many models are formed: that piece of all models then stays in the cache."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients:
    """Merging coefficients.

    Attributes:
        values: `(T,)` in space `task`, else `(G, T)` with one row per group.
        space: The groups of parameters that have their own coefficients.
        active: `(G,)` bool, the rows that need a gradient; None for all. The other rows are
            constants, and no gradient of their weights is computed.
    """

    values: Tensor
    space: Space = "task"
    active: Tensor | None = None

    def key(self) -> bytes:
        """Bytes that identify the coefficients."""
        return self.space.encode() + self.values.detach().contiguous().numpy().tobytes()


@final
@renamed_fields(base="pretrained")
class ExpertPool:
    """A pretrained model and T experts of one layout, as flat float32 memory.

    Args:
        pretrained: `(P,)` parameters of the pretrained model.
        task_vectors: `(T, P)`, expert minus pretrained model, contiguous; may be memory-mapped.
        layout: Names and shapes of the tensors in the P entries.
        names: T names, in the order of the task vectors.
        origin: The pool from which this one's vectors were derived; None if they are the experts'.
        tasks: m, the number of tasks that preferences are over; None for T, one expert per task.

    Task vectors may be in bfloat16, with half the memory and an error of 2^-9 of each entry.
    """

    def __init__(
        self,
        *,
        pretrained: Tensor,
        task_vectors: Tensor,
        layout: Layout,
        names: Sequence[str],
        origin: "ExpertPool | None" = None,
        tasks: int | None = None,
    ) -> None:
        expected = (len(names), layout.size)
        if task_vectors.shape != expected or pretrained.shape != (layout.size,):
            raise ShapeError(
                f"`task_vectors` must have shape {expected} and `pretrained` {expected[1:]}. "
                f"Found {tuple(task_vectors.shape)} and {tuple(pretrained.shape)}."
            )
        self.pretrained = pretrained
        self.task_vectors = task_vectors
        self.layout = layout
        self.names = tuple(names)
        self.origin = self if origin is None else origin
        self.tasks = len(names) if tasks is None else tasks

    def __len__(self) -> int:
        return len(self.names)

    @property
    def original(self) -> bool:
        """True if the pretrained model plus a task vector is an expert."""
        return self.origin is self

    @cached_property
    def digest(self) -> str:
        """Hash of the layout and all parameters of the original pool."""
        layout = json.dumps([self.layout.names, self.layout.shapes])
        found = hashlib.sha256(layout.encode())
        for tensor in (self.origin.pretrained, self.origin.task_vectors):
            found.update(tensor.contiguous().view(torch.uint8).numpy().data)
        return found.hexdigest()[:16]

    @property
    def nbytes(self) -> int:
        """Size of the pretrained model and the task vectors in bytes."""
        return self.pretrained.nbytes + self.task_vectors.nbytes

    def altered(self, task_vectors: Tensor, names: Sequence[str] | None = None) -> "ExpertPool":
        """Return the pool with other task vectors `(T, P)`, such as trimmed or projected ones.

        `names` are required if there is not exactly one vector per task.
        """
        return ExpertPool(
            pretrained=self.pretrained,
            task_vectors=task_vectors,
            layout=self.layout,
            names=self.names if names is None else names,
            origin=self.origin,
            tasks=self.tasks,
        )

    def rows(self, coefficients: Coefficients) -> Tensor:
        """The `(G, T)` rows of coefficients, in the dtype of the pretrained model.

        Raises:
            ShapeError: If the values do not have the shape of their space.
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
        return values.to(self.pretrained.dtype).reshape(-1, len(self))

    def merge(self, coefficients: Coefficients) -> Tensor:
        """`(P,)` parameters `pretrained + sum_t c[g, t] * task_vector_t` in each group g.

        Differentiable in the coefficients. The forward pass is one matrix-vector product per
        segment of contiguous memory, the backward pass the inner products `<dW_g, task_vector_t>`;
        nothing of size T x P is allocated.
        """
        merged: Tensor = _Merge.apply(  # type: ignore[no-untyped-call]
            self.rows(coefficients), self, self.layout.groups(coefficients.space)
        )
        return merged

    def merge_many(self, rows: Tensor, groups: Groups) -> Tensor:
        """`(K, P)` parameters for `(K, G, T)` coefficients, in one pass over the task vectors."""
        merged = self.pretrained.new_empty(len(rows), self.layout.size)
        for start, stop, group in _pieces(groups, _COLUMNS_OF_MANY):
            torch.addmm(
                self.pretrained[start:stop],
                rows[:, group],
                self._piece(start, stop),
                out=merged[:, start:stop],
            )
        return merged

    def merge_each(
        self, points: Mapping[Key, Coefficients], at_once: int
    ) -> Iterator[tuple[Key, Tensor]]:
        """Yield each key and its model `(P,)`, formed together up to `at_once` bytes of models."""
        size = max(1, at_once // self.pretrained.nbytes)
        for space in dict.fromkeys(point.space for point in points.values()):
            keys = [key for key, point in points.items() if point.space == space]
            for first in range(0, len(keys), size):
                some = keys[first : first + size]
                rows = torch.stack([self.rows(points[key]) for key in some])
                yield from zip(some, self.merge_many(rows, self.layout.groups(space)), strict=True)

    def contract(self, gradient: Tensor, start: int = 0) -> Tensor:
        """`(T,)` inner products of a gradient with the part of each task vector from `start`."""
        total = gradient.new_zeros(len(self))
        for a in range(0, len(gradient), _COLUMNS):
            piece = gradient[a : a + _COLUMNS]
            total.addmv_(self._piece(start + a, start + a + len(piece)), piece)
        return total

    def _piece(self, start: int, stop: int) -> Tensor:
        return self.task_vectors[:, start:stop].to(self.pretrained.dtype)

    def build(self, point: Coefficients | Tensor) -> Tensor:
        """`(P,)` parameters of a point: coefficients are merged, parameters are returned."""
        return self.merge(point) if isinstance(point, Coefficients) else point


class _Merge(torch.autograd.Function):
    """W_g = pretrained_g + task_vectors_g^T c_g, with d c[g, t] = <dW_g, task_vector[t, g]>."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, pool: ExpertPool, groups: Groups) -> Tensor:
        ctx.pool, ctx.groups = pool, groups
        merged = torch.empty_like(pool.pretrained)
        for start, stop, group in _pieces(groups, _COLUMNS):
            torch.addmv(
                pool.pretrained[start:stop],
                pool._piece(start, stop).T,
                rows[group],
                out=merged[start:stop],
            )
        return merged

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        groups: Groups = ctx.groups
        rows = gradient.new_zeros(len(groups.names), len(ctx.pool))
        for start, stop, group in groups.segments:
            rows[group] += ctx.pool.contract(gradient[start:stop], start)
        return rows, None, None


def _pieces(groups: Groups, columns: int) -> Iterator[tuple[int, int, int]]:
    """Yield the segments, cut into pieces of at most this number of columns."""
    for start, stop, group in groups.segments:
        for a in range(start, stop, columns):
            yield a, min(a + columns, stop), group
