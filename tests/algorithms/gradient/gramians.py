"""Random gradients, and steps made of them."""

import numpy as np
import torch
from numpy.typing import NDArray

from fusefront.algorithms.training.weighting import Step

Array = NDArray[np.float64]


def gradients(m: int, seed: int, *, rank: int | None = None, spread: float = 1.0) -> Array:
    """Return `(m, 6)` conflicting rows of this rank, with lengths spread over `decades`."""
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(m, rank or m)) @ rng.normal(size=(rank or m, 6))
    scales: Array = 10.0 ** rng.uniform(-spread, spread, size=(m, 1))
    return found * scales


def step(
    rows: Array,
    *,
    losses: Array | None = None,
    preference: Array | None = None,
    seed: int = 0,
) -> Step:
    """Return a step, by default with the preference 1 / m and losses of 1."""
    m = len(rows)
    return Step(
        losses=torch.from_numpy(np.ones(m) if losses is None else losses),
        preference=torch.from_numpy(np.full(m, 1 / m) if preference is None else preference),
        gradients=torch.from_numpy(rows),
        generator=torch.Generator().manual_seed(seed),
    )
