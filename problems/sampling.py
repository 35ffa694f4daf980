"""Endless draws of examples for every task, with a record of the examples seen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor

from .budget import Budget


@final
class Draws:
    """Draws rows of every task in an order that depends only on the seed.

    Args:
        lengths: Number of examples of each task.
        seed: Seed of the order.
        budget: Charged for every example that was not seen before.
        currency: The entry of the ledger for such an example.
    """

    def __init__(self, lengths: Sequence[int], seed: int, budget: Budget, currency: str) -> None:
        self._lengths = lengths
        self._seed = seed
        self._budget = budget
        self._currency = currency
        self._seen = [torch.zeros(n, dtype=torch.bool) for n in lengths]

    def rows(self, size: int) -> Iterator[list[Tensor]]:
        """Yield one index tensor of `size` rows per task, forever.

        Each epoch is a new permutation of all rows, and batches may span epochs. Every call
        restarts the same stream, for any size.
        """
        # A generator per task: its order does not depend on the sizes of the other tasks.
        root = torch.Generator().manual_seed(self._seed)
        streams = [_rows(n, size, _child(root)) for n in self._lengths]
        while True:
            rows = [next(stream) for stream in streams]
            pairs = zip(self._seen, rows, strict=True)
            fresh = [torch.unique(index[~marks[index]]) for marks, index in pairs]
            # Charged before they are marked: if the budget is exhausted, they were not seen.
            self._budget.charge(0, **{self._currency: sum(map(len, fresh))})
            for marks, index in zip(self._seen, fresh, strict=True):
                marks[index] = True
            yield rows


@final
class FirstRows:
    """Counts the rows that evaluations on a split have read: always the first ones of each task.

    Args:
        lengths: Number of examples of each task.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = lengths
        self._read = [0 for _ in lengths]

    @contextmanager
    def read(self, examples: int | None) -> Iterator[int]:
        """Mark the first `examples` (all if None) of every task as read.

        Yields:
            How many of them were not read before. If the block raises, none was read.
        """
        wanted = [n if examples is None else min(n, examples) for n in self._lengths]
        after = [max(pair) for pair in zip(wanted, self._read, strict=True)]
        yield sum(after) - sum(self._read)
        self._read = after


def _child(root: torch.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(torch.randint(2**31, (1,), generator=root)))


def _rows(n: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    pending = torch.randperm(n, generator=generator)
    while True:
        while len(pending) < size:
            pending = torch.cat([pending, torch.randperm(n, generator=generator)])
        yield pending[:size]
        pending = pending[size:]
