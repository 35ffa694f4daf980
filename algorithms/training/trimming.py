"""Trimming and sign election: task vectors that interfere less.

Source of all: Yadav et al. 2023, TIES-Merging, NeurIPS, section 4. https://arxiv.org/abs/2306.01708
"""

import torch
from torch import Tensor


def trim(task_vectors: Tensor, keep: float) -> Tensor:
    """Return copies of `(T, P)` vectors that keep the `keep` P largest entries in magnitude.

    Each vector is ranked over all its entries; `round(keep * P)` of them stay, at least one, and
    more only where several are as large as the smallest that stays.

    >>> trim(torch.tensor([[1.0, -3.0, 2.0, 0.5]]), 0.5).tolist()
    [[0.0, -3.0, 2.0, 0.0]]
    """
    size = task_vectors.shape[1]
    # At least one entry: `kthvalue` counts from 1, and an empty vector would merge to nothing.
    kept = max(1, round(keep * size))
    trimmed = torch.empty_like(task_vectors)
    for vector, out in zip(task_vectors, trimmed, strict=True):
        magnitude = vector.abs()
        least = magnitude.kthvalue(size - kept + 1).values
        torch.mul(vector, magnitude >= least, out=out)
    return trimmed


def elect_signs(task_vectors: Tensor) -> Tensor:
    """Return `(P,)` float32 signs, 1 or -1, of the sum of `(T, P)` vectors, entry by entry.

    An entry whose sum is 0 takes the more frequent sign, or 1 if both are equally frequent.

    >>> elect_signs(torch.tensor([[1.0, -3.0, 0.0], [2.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])).tolist()
    [1.0, -1.0, 1.0]
    """
    signs = task_vectors.sum(dim=0, dtype=torch.float32).sign_()
    # Zeros have sign 0 here, so the sum counts only entries that have a sign.
    majority = 1.0 if signs.sum() >= 0 else -1.0
    return signs.masked_fill_(signs == 0, majority)


def resolved(task_vectors: Tensor, keep: float) -> Tensor:
    """Return `(T, P)` vectors, trimmed and without entries whose sign was not elected."""
    trimmed = trim(task_vectors, keep)
    signs = elect_signs(trimmed)
    for vector in trimmed:
        vector.mul_(vector * signs > 0)
    return trimmed
