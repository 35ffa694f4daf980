"""Positions of the models: named tensors, and directions with known inner products."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..layout import Layout

Array = NDArray[np.float64]


def layout(dimension: int, directions: int) -> Layout:
    """Return a layout of eight tensors of nearly equal size: four blocks, each an `mlp` of two.

    There are four, two or one if eight would be too small to hold the independent directions.

    >>> layout(64, 2).names[:3]
    ('layers.0.mlp.fc1.weight', 'layers.0.mlp.fc2.weight', 'layers.1.mlp.fc1.weight')
    """
    if dimension < directions:
        raise ParameterError(
            f"`dimension` must be at least {directions} for these tasks. Found {dimension}."
        )
    count = next(n for n in (8, 4, 2, 1) if n * directions <= dimension)
    ends = [dimension * i // count for i in range(count + 1)]
    return Layout(
        names=tuple(f"layers.{i // 2}.mlp.fc{i % 2 + 1}.weight" for i in range(count)),
        shapes=tuple((stop - start,) for start, stop in pairwise(ends)),
    )


def pretrained(dimension: int) -> Array:
    """`(P,)` pretrained model: sin(1), sin(2), ... over sqrt(P), rounded to float32."""
    waves: Array = np.sin(np.arange(1, dimension + 1)) / dimension**0.5
    return waves.astype(np.float32).astype(np.float64)


def orthonormal(where: Layout, directions: int) -> Array:
    """`(directions, P)` orthonormal rows, orthogonal and of equal length within every tensor too.

    Within a tensor they are the first vectors of its discrete cosine basis.
    """
    rows = np.hstack([_cosines(directions, size) for size in where.sizes])
    unit: Array = rows / len(where.sizes) ** 0.5
    return unit


def equally_correlated(rows: Array, cosine: float) -> Array:
    """`(m, P)` unit vectors with one pairwise cosine, in the span of m orthonormal rows.

    They are G^(1/2) rows, where G is the Gram matrix: the construction of MultiTab-Bench. Within
    every tensor they have the same cosine and equal lengths.

    Raises:
        ParameterError: If no such vectors exist: the cosine must be at least -1 / (m - 1).

    Source: Sinodinos et al. 2025, https://arxiv.org/abs/2511.09970.
    """
    m = len(rows)
    largest = 1 + (m - 1) * cosine
    if not largest > -1e-9:
        raise ParameterError(
            f"`angle` must be at most {np.degrees(np.arccos(-1 / (m - 1))):.4g} degrees between "
            f"any two of {m} task vectors. Found {np.degrees(np.arccos(cosine)):.4g}."
        )
    rest = np.sqrt(1 - cosine)
    root = rest * np.eye(m) + (np.sqrt(max(largest, 0.0)) - rest) / m
    vectors: Array = root @ rows
    return vectors


def _cosines(count: int, size: int) -> Array:
    """`(count, size)` orthonormal rows of the discrete cosine transform, the constant one first."""
    angles = np.pi / size * np.outer(np.arange(count), np.arange(size) + 0.5)
    rows = np.sqrt(2 / size) * np.cos(angles)
    rows[0] /= np.sqrt(2)
    found: Array = rows
    return found
