"""Rays: the preferences that an algorithm fits models for."""

import math
from itertools import combinations, pairwise

import torch
from torch import Tensor


def lattice(m: int, partitions: int) -> Tensor:
    """All `(r, m)` preferences whose entries are multiples of 1 / partitions.

    r = C(partitions + m - 1, m - 1). Source: Das and Dennis 1998, SIAM J. Optim. 8(3).

    >>> lattice(2, 2).tolist()
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    bars = combinations(range(partitions + m - 1), m - 1)
    edges = [(-1, *bar, partitions + m - 1) for bar in bars]
    counts = [[b - a - 1 for a, b in pairwise(e)] for e in edges]
    return torch.tensor(counts, dtype=torch.float32) / partitions


def rays(m: int, at_most: int) -> Tensor:
    """The corners, the centre, and the finest lattice that fits in at most so many rays.

    The corners and the centre are there even where they are more.

    >>> [len(rays(m, 11)) for m in (2, 3, 6, 20)]
    [11, 10, 7, 21]
    """
    partitions = 1
    while _with_centre(m, partitions + 1) <= at_most:
        partitions += 1
    points = lattice(m, partitions)
    return points if partitions % m == 0 else torch.cat([points, torch.full((1, m), 1 / m)])


def _with_centre(m: int, partitions: int) -> int:
    return math.comb(partitions + m - 1, m - 1) + (partitions % m != 0)


def draw(m: int, concentration: float, generator: torch.Generator) -> Tensor:
    """One preference `(m,)` from the symmetric Dirichlet distribution."""
    gamma = torch._standard_gamma(torch.full((m,), concentration), generator=generator)
    gamma = gamma.clamp_min(torch.finfo(gamma.dtype).tiny)
    return gamma / gamma.sum()
