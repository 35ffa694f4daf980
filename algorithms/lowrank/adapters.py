"""A main model and one low-rank adapter per task, mixed by the preference."""

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
    """W_l(p) = main_l + scale sum_i p_i B_{l,i} A_{l,i}; main, B and A are trained.

    Main starts at task arithmetic, and each adapter at the best low-rank approximation of the
    difference between the task's expert and main, so that corners start near the experts. B and A
    are stored divided by `gain`: Adam, which is blind to scale, then moves them `gain` times as
    fast as main.

    Args:
        initial: Every coefficient of the merge that the main model starts at.
        rank: Rank of each adapter.
        scale: Scale of all adapters.
        gain: How many times as fast as main the adapters learn.
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
    """Return sum_i w_i B_i A_i `(rows, columns)` of B `(m, rows, rank)`, A `(m, rank, columns)`."""
    weighted = (weights.view(-1, 1, 1) * b).transpose(0, 1)
    return weighted.reshape(b.shape[1], -1) @ a.reshape(-1, a.shape[2])


def overlap(b: Tensor, a: Tensor, tasks: Sequence[int]) -> Tensor:
    """Return the sum over pairs of tasks of the squared cosine of their adapters B_i A_i.

    It is 0 if the adapters are orthogonal. Inner products are computed from the factors: <B_i A_i,
    B_j A_j> = <B_i^T B_j, A_i A_j^T>.

    Args:
        b: `(m, rows, rank)`.
        a: `(m, rank, columns)`.
        tasks: The tasks that are compared.
    """
    index = torch.tensor(tasks)
    left, right = b[index], a[index]
    inner = torch.einsum("iab,jac->ijbc", left, left)
    inner = (inner * torch.einsum("ibd,jcd->ijbc", right, right)).sum(dim=(2, 3))
    # Adapters of 0 have no direction: the small term makes their cosine 0, with a finite gradient.
    squares = inner.diagonal()
    cosines = inner.square() / (squares.outer(squares) + torch.finfo(inner.dtype).tiny ** 0.5)
    total: Tensor = cosines.triu(diagonal=1).sum()
    return total
