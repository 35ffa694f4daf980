"""Checks of all values of a checkpoint, read part by part, in memory that does not grow."""

import math
from collections.abc import Iterable, Iterator

import torch
from safetensors import safe_open
from torch import Tensor

from ...errors import IntegrityError
from .checkpoint import Checkpoint

_AT_ONCE = 1 << 22  # numbers that are read at once: 16 MiB as float32


def check_finite(who: str, checkpoint: Checkpoint, names: Iterable[str]) -> None:
    """Check that tensors are finite as float32, in which models are merged.

    Args:
        who: The model, as the subject of the error's sentence.
        checkpoint: Where they are stored.
        names: Tensors of the checkpoint.

    Raises:
        IntegrityError: If one is not; its file, its name and the number of its wrong values are
            stated.
    """
    for name in names:
        wrong = sum(_wrong(part) for part in read_parts(checkpoint, name))
        if wrong:
            raise IntegrityError(
                f"{who} must have finite weights. Found {wrong:,} of "
                f"{math.prod(checkpoint.tensors[name].shape):,} numbers that are NaN or infinite "
                f"as float32 in `{name}` of `{checkpoint.files[name]}`. Save it again, or name "
                "another checkpoint."
            )


def _wrong(part: Tensor) -> int:
    """Return how many values are not finite."""
    # One pass without a copy, since almost all parts are finite: NaN is an extreme, too.
    if not part.numel() or all(extreme.isfinite() for extreme in torch.aminmax(part)):
        return 0
    return int((~part.isfinite()).sum())


def equal(one: Checkpoint, name: str, other: Checkpoint, other_name: str) -> bool:
    """Return whether two tensors have the same shape, and the same values as float32."""
    if one.tensors[name].shape != other.tensors[other_name].shape:
        return False
    parts = zip(read_parts(one, name), read_parts(other, other_name), strict=True)
    return all(torch.equal(a, b) for a, b in parts)


def read_parts(checkpoint: Checkpoint, name: str) -> Iterator[Tensor]:
    """Yield a tensor as float32 in parts along its first dimension, or whole if it is small."""
    shape, stored = checkpoint.tensors[name].shape, checkpoint.stored.get(name, name)
    numbers = math.prod(shape)
    with safe_open(checkpoint.files[name], "pt") as file:
        if numbers <= _AT_ONCE:
            yield file.get_tensor(stored).to(torch.float32)
            return
        rows = max(1, _AT_ONCE // (numbers // shape[0]))
        tensor = file.get_slice(stored)
        for start in range(0, shape[0], rows):
            yield tensor[start : start + rows].to(torch.float32)
