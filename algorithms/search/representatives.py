"""Which of many measured models to keep: those that preferences would choose."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ..scalarizations import achievement

Array = NDArray[np.float64]
_ASKED: Final = 512
"""Random preferences that stand for all."""


def representatives(
    objectives: Array, *, known: Array, count: int, generator: torch.Generator
) -> NDArray[np.int64]:
    """Indices of at most `count` models, each the one that helps the most preferences the most.

    Greedily, the model is added that lowers the mean over Dirichlet(1) preferences of the least
    achievement most; models that help no preference are left out. This is the greedy choice of a
    subset of least R2 indicator, with the platform's utility.

    Args:
        objectives: `(n, m)` of the models to choose from.
        known: `(k, m)` of models that are kept in any case, k at least 1.
        count: Most models to choose.
        generator: Draws the preferences.

    Source: Hansen and Jaszkiewicz 1998, R2; greedy inclusion as in Guerreiro et al. 2021,
    https://arxiv.org/abs/2005.00515, section 3.5, for the hypervolume.
    """
    seed = int(torch.randint(2**31, (1,), generator=generator))
    asked = np.random.default_rng(seed).dirichlet(np.ones(objectives.shape[1]), _ASKED)
    best = _utilities(known, asked).min(axis=0)
    utilities = _utilities(objectives, asked)
    chosen: list[int] = []
    while len(chosen) < count:
        totals = np.minimum(utilities, best).sum(axis=1)
        index = int(totals.argmin())
        if not totals[index] < best.sum():
            break
        chosen.append(index)
        best = np.minimum(best, utilities[index])
    return np.array(chosen, dtype=np.int64)


def _utilities(objectives: Array, preferences: Array) -> Array:
    """`(n, p)` achievement of every model for every preference."""
    return np.stack([achievement(objectives, p) for p in preferences], axis=1)
