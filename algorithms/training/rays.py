"""Rays: the preferences for which an algorithm fits models."""

import math
from itertools import combinations, pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
_LEAST_IMPORTANCE: Final = 1e-3
"""Smallest importance of a task, so that tasks of importance 0 still break ties."""
_SHEPARD_POWER: Final = 4
"""Larger than the dimension of the simplex for up to four tasks: distant rays do not add up."""


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
    """Return the corners, the centre, and the finest lattice of at most this many rays.

    The corners and the centre are returned even if they alone exceed the maximum.

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
    """Draw one preference `(m,)` from the symmetric Dirichlet distribution."""
    # Normalised gamma variables: `torch.distributions.Dirichlet` takes no generator.
    gamma = torch._standard_gamma(torch.full((m,), concentration), generator=generator)
    # Small concentrations underflow to all zeros, which cannot be normalised.
    gamma = gamma.clamp_min(torch.finfo(gamma.dtype).tiny)
    return gamma / gamma.sum()


def inner_rays(m: int, at_most: int) -> Array:
    """Return `(r, m)` rays without the corners, the most even first, with all importances above 0.

    They are from the finest lattice that fits, or the centre and the midpoints of all edges. The
    corners need no search: their models are the experts, whose values are known.

    >>> inner_rays(2, 3).round(3).tolist()
    [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]
    """
    edges = math.comb(m + 1, 2) + 1
    lattice = rays(m, max(at_most + m, edges)).double().numpy()
    inner = lattice[lattice.max(axis=1) < 1]
    order = np.argsort((inner**2).sum(axis=1), kind="stable")[:at_most]
    clipped = np.maximum(inner[order], _LEAST_IMPORTANCE)
    even: Array = clipped / clipped.sum(axis=1, keepdims=True)
    return even


def inverse_distance_weights(points: Tensor, query: Tensor) -> Tensor:
    """Return `(r,)` weights proportional to distance^-4 from `(r, m)` points to `(m,)`.

    If a point equals the query, it gets all the weight. Source: Shepard 1968, ACM National
    Conference.

    >>> inverse_distance_weights(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0.5, 0.5]))
    tensor([0.5000, 0.5000])
    """
    # At a point the distance is 0. 1e-6 keeps its logarithm finite, and its weight is still 1. The
    # softmax of -4 log d is d^-4 over its sum, without overflow.
    distance = (points - query).norm(dim=1).clamp_min(1e-6)
    return torch.softmax(-_SHEPARD_POWER * torch.log(distance), dim=0)
