"""The layout of a flat parameter vector: named tensors and groups of them."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, final, get_args

import torch
from torch import Tensor

from ..registry import unknown_name

Space = Literal["task", "block", "module", "tensor"]
"""Granularity of merging coefficients: one row per model, block, module or tensor."""

_BLOCK = re.compile(r"^((?:.*?\.)?(?:layers?|h|blocks|resblocks)\.\d+)\.([^.]+)")
_BERT_MLP = frozenset({"intermediate", "output"})


@final
@dataclass(frozen=True, kw_only=True)
class Groups:
    """A partition of `(P,)` parameters into G groups.

    Attributes:
        names: Names of the groups.
        segments: `(start, stop, group)` of contiguous parts, which cover the vector in order.
    """

    names: tuple[str, ...]
    segments: tuple[tuple[int, int, int], ...]


@final
@dataclass(frozen=True, kw_only=True)
class Layout:
    """Names and shapes of the tensors in a flat `(P,)` vector, in order."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of entries of each tensor."""
        return tuple(math.prod(shape) for shape in self.shapes)

    @cached_property
    def size(self) -> int:
        """P, the number of parameters."""
        return sum(self.sizes)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Start of each tensor in the vector."""
        return tuple(accumulate(self.sizes[:-1], initial=0))

    def unflatten(self, flat: Tensor) -> dict[str, Tensor]:
        """Return named views of `(P,)` parameters; gradients flow back to `flat`."""
        pieces = torch.split(flat, list(self.sizes))
        return {
            name: piece.view(shape)
            for name, shape, piece in zip(self.names, self.shapes, pieces, strict=True)
        }

    def groups(self, space: Space) -> Groups:
        """Return the partition of a granularity; `task` has one group, `tensor` one per tensor.

        Blocks are named `layers.0`, `h.0`, `blocks.0` or `resblocks.0`, and modules are the parts
        directly inside them. The two halves of BERT's MLP, `intermediate` and `output` with its
        norm, form one module `mlp`. Other parameters are grouped by the first part of their name.
        """
        if space not in self._groups:
            if space not in get_args(Space):
                raise unknown_name("space", space, list(get_args(Space)))
            self._groups[space] = _partition([_group(n, space) for n in self.names], self.sizes)
        return self._groups[space]

    def group_of(self, space: Space) -> tuple[int, ...]:
        """Return the index of each tensor's group."""
        if space not in self._group_of:
            index = {name: row for row, name in enumerate(self.groups(space).names)}
            self._group_of[space] = tuple(index[_group(name, space)] for name in self.names)
        return self._group_of[space]

    @cached_property
    def _group_of(self) -> dict[Space, tuple[int, ...]]:
        return {}

    @cached_property
    def _groups(self) -> dict[Space, Groups]:
        return {}


def _group(name: str, space: Space) -> str:
    match = _BLOCK.match(name)
    if space == "task":
        return "model"
    if space == "tensor":
        return name
    if match is None:
        return name.partition(".")[0]
    block, module = match.groups()
    module = "mlp" if module in _BERT_MLP else module
    return block if space == "block" else f"{block}.{module}"


def _partition(groups: Sequence[str], sizes: Sequence[int]) -> Groups:
    names = tuple(dict.fromkeys(groups))
    index = {name: i for i, name in enumerate(names)}
    segments: list[tuple[int, int, int]] = []
    start = 0
    for name, size in zip(groups, sizes, strict=True):
        group = index[name]
        if segments and segments[-1][2] == group:
            segments[-1] = (segments[-1][0], start + size, group)
        else:
            segments.append((start, start + size, group))
        start += size
    return Groups(names=names, segments=tuple(segments))
