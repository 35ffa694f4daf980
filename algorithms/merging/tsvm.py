"""TSVM: the singular vectors of all tasks, made orthogonal to each other."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import NonNegativeFloats
from ...problems.experts import ExpertPool
from .matrices import average, matrices, orthonormal, triplets
from .swept_merge import Merge, SweptMerge


@final
@dataclass(frozen=True, kw_only=True)
class Tsvm(SweptMerge):
    """Sum over tasks of U_i S_i V_i, with the singular vectors of all tasks orthogonalised.

    Each task contributes the r / m largest singular triplets of every matrix, with r its smaller
    side; the stacked U, and the stacked V, are replaced by the nearest orthonormal matrices.
    Tensors that are not matrices are averaged. In the lifted form, the preference scales singular
    values. Source: Gargiulo et al. 2025, section 4, algorithm 1 (TSV-Merge).
    """

    sweep: NonNegativeFloats = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def merge(self, pool: ExpertPool, generator: torch.Generator) -> Merge:
        """Decompose once; the coefficients only scale singular values."""
        parts = [
            (slice(start, start + shape[0] * shape[1]), shape)
            for start, shape in matrices(pool.layout)
        ]
        apart = [
            decorrelated(pool.task_vectors[:, span].float().view(-1, *shape)).flatten(1)
            for span, shape in parts
        ]

        def merged(coefficients: Tensor) -> Tensor:
            vector = average(pool, coefficients)
            for (span, _), vectors in zip(parts, apart, strict=True):
                vector[span] = coefficients @ vectors
            return vector

        return merged


def decorrelated(weights: Tensor) -> Tensor:
    """Return the `(T, o, i)` contributions of `(T, o, i)` matrices to the merged matrix."""
    # With more tasks than directions, each task still contributes one triplet.
    rank = max(1, min(weights.shape[1:]) // len(weights))
    kept = [triplets(matrix, rank) for matrix in weights]
    sizes = [len(k.values) for k in kept]
    left = torch.split(orthonormal(torch.cat([k.left for k in kept], dim=1)), sizes, dim=1)
    right = torch.split(orthonormal(torch.cat([k.right for k in kept]).T).T, sizes)
    return torch.stack([(u * k.values) @ v for u, k, v in zip(left, kept, right, strict=True)])
