"""The preference hypernetwork over leading and remaining directions of task vectors."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.experts import ExpertPool
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.tuned import BatchSize, Concentration, Initial, NetworkRate, Rank, Width
from .phn import PreferenceHypernetwork


@final
@dataclass(frozen=True, kw_only=True)
class SubspaceHypernetwork(Algorithm):
    """A hypernetwork over the coefficients of two parts of each task vector, block by block.

    The parts are the truncated singular value decomposition of each matrix of the task vector, and
    the remainder; tensors that are not matrices are in the first part. Equal coefficients of both
    parts are a coefficient of the task vector. The map keeps both parts of every task vector.
    Source: Navon et al. 2021, over merging coefficients; the split is this project's.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-3 and 1e-2 by validation on `digits-left-right` and `digits-mnist-neg180` at
            20,000 units.
        batch_size: Examples of each task per step.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from; small values favour the corners.
        width: Hidden units of each trunk layer.
        initial: Initial value of every coefficient.
        rank: Number of singular values in the first part of each matrix.
    """

    steps: CountOrZero = 4000
    learning_rate: NetworkRate = 3e-3
    batch_size: BatchSize = 16
    concentration: Concentration = 0.2
    width: Width = 64
    initial: Initial = 0.3
    rank: Rank = 4

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the hypernetwork of `phn-ls` on the split pool."""
        solver = PreferenceHypernetwork(
            steps=self.steps,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            concentration=self.concentration,
            width=self.width,
            initial=self.initial,
        )
        return solver.fit(view.over(split_pool(view.experts, self.rank)), generator=generator)


def split_pool(experts: ExpertPool, rank: int) -> ExpertPool:
    """Return the pool of T leading parts, then T remainders; see `SubspaceHypernetwork`."""
    count = len(experts)
    parts = torch.empty(2 * count, experts.layout.size, dtype=experts.pretrained.dtype)
    for index, vector in enumerate(experts.task_vectors):
        leading(vector.to(parts.dtype), experts.layout, rank, out=parts[index])
        torch.sub(vector, parts[index], out=parts[count + index])
    names = [f"{name} {part}" for part in ("leading", "remainder") for name in experts.names]
    return experts.altered(parts, names)


def leading(vector: Tensor, layout: Layout, rank: int, *, out: Tensor) -> None:
    """Write a vector `(P,)` with each of its matrices cut to its `rank` largest singular values."""
    out.copy_(vector)
    for matrix in layout.unflatten(out).values():
        # A matrix of at most this rank is its own leading part.
        if matrix.ndim == 2 and min(matrix.shape) > rank:
            u, s, v = torch.linalg.svd(matrix, full_matrices=False)
            matrix.copy_((u[:, :rank] * s[:rank]) @ v[:rank])
