"""Limits of axes over objectives, which one bad point must not stretch."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

LIMIT: Final = 2.0
"""Larger objectives are counted in the title, not drawn; 1 is the pretrained model."""

Array = NDArray[np.float64]


def limits(points: Array, *, normalised: bool) -> list[tuple[float, float]]:
    """Return axis limits around `(n, m)` points, one pair per column, that are never empty.

    Args:
        points: The objectives.
        normalised: Whether 0 is the expert, which is then within the limits, and points beyond
            `LIMIT` are not.
    """
    if normalised:
        inside = points[(points <= LIMIT).all(axis=1)]
        points = np.concatenate([inside, np.zeros((1, points.shape[1]))])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5 * np.maximum(np.abs(high), 1e-6))
    return list(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))


def beyond(objectives: Iterable[Array]) -> int:
    """Return how many points have an objective beyond `LIMIT`."""
    return sum(int((points > LIMIT).any(axis=1).sum()) for points in objectives)
