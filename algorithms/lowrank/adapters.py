"""A main model and a low-rank adapter for each task, mixed by the preference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.low_rank import Matrix, add, matrices, towards_experts


@final
@dataclass(frozen=True, kw_only=True)
class TaskAdapters(Decoder):
    """W_l(p) = main_l + scale sum_i p_i B_{l,i} A_{l,i}; all of them are trained.

    Main starts at task arithmetic, and the adapter of a task at the best approximation of its rank
    of what takes main to the task's expert: corners start near the experts. B and A are stored
    divided by `gain`: Adam, which is blind to scale, then moves them `gain` times as fast as main.

    Args:
        initial: Every coefficient of the merge that the main model starts at.
        rank: Of each adapter.
        scale: Of all adapters.
        gain: How many times as fast they learn.
    """

    needs: ClassVar[Needs] = "nothing"
    initial: float = 0.3
    rank: int = 8
    scale: float = 1.0
    gain: float = 1.0

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Main `(P,)`, then B `(m, rows, rank)` and A `(m, rank, columns)` of each matrix."""
        main = experts.merge(Coefficients(values=torch.full((len(experts),), self.initial)))
        targets = matrices(experts.layout, self.rank)
        return [main, *self._factors(experts, main, targets)]

    def _factors(
        self, experts: ExpertPool, main: Tensor, targets: Sequence[Matrix]
    ) -> Iterator[Tensor]:
        for target in targets:
            u, s, v = towards_experts(experts, main, target, self.rank)
            root = (s / self.scale).sqrt() / self.gain
            yield u * root[:, None, :]
            yield root[:, :, None] * v

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        factor = self.scale * self.gain**2
        pairs = zip(parameters[1::2], parameters[2::2], strict=True)
        terms = (mixed(factor * preference, b, a) for b, a in pairs)
        return add(experts.layout, parameters[0], matrices(experts.layout, self.rank), terms)


def mixed(weights: Tensor, b: Tensor, a: Tensor) -> Tensor:
    """sum_i w_i B_i A_i `(rows, columns)` of B `(m, rows, rank)` and A `(m, rank, columns)`."""
    weighted = (weights.view(-1, 1, 1) * b).transpose(0, 1)
    return weighted.reshape(b.shape[1], -1) @ a.reshape(-1, a.shape[2])


def overlap(b: Tensor, a: Tensor, tasks: Sequence[int]) -> Tensor:
    """Sum over pairs of tasks of the squared cosine of their adapters B_i A_i; 0 if orthogonal.

    Inner products are taken through the factors: <B_i A_i, B_j A_j> = <B_i^T B_j, A_i A_j^T>.

    Args:
        b: `(m, rows, rank)`.
        a: `(m, rank, columns)`.
        tasks: The tasks that are looked at.
    """
    index = torch.tensor(tasks)
    left, right = b[index], a[index]
    inner = torch.einsum("iab,jac->ijbc", left, left)
    inner = (inner * torch.einsum("ibd,jcd->ijbc", right, right)).sum(dim=(2, 3))
    squares = inner.diagonal()
    cosines = inner.square() / (squares.outer(squares) + torch.finfo(inner.dtype).tiny ** 0.5)
    total: Tensor = cosines.triu(diagonal=1).sum()
    return total
