"""Multi-head routing of the experts' low-rank adapters (MHR)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, final

import torch
from torch import Tensor

from ...domains import Count, Finite, PositiveFloat
from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ...ranges import Choices, LinearRange, LogRange
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.low_rank import Matrix, add, matrices, towards_experts
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Rank, WeightRate


@final
@dataclass(frozen=True, kw_only=True)
class MultiHeadRouting(MapAlgorithm):
    """Experts as low-rank adapters, mixed block by block with learned routes (MHR).

    The inventory has one adapter B_i A_i per expert and matrix: the best approximation of its task
    vector of that rank. The rows of every B_i and the columns of every A_i are cut into `heads`
    blocks, and every block has routes of its own: for task t the weights of the adapters are
    sigmoid(z_{t,i}) / sum_j sigmoid(z_{t,j}), and for a preference sum_t p_t of these. The same
    routes mix the blocks of B and of A before the product is taken. Routes and adapters are trained
    on sum_i p_i L_i; other tensors are those of the rewarded soup. Source: Caccia et al. 2023,
    Multi-head adapter routing for cross-task generalization, NeurIPS, section 3; one head is
    Polytropon. There, tasks are fixed and adapters start at random.

    Args:
        learning_rate: Initial learning rate of Adam for the adapters; a cosine schedule lowers it
            to a tenth.
        rank: Rank of each adapter.
        heads: Blocks of rows and of columns with routes of their own.
        confidence: Starts z at this for a task's own adapter and at minus this for the others.
        gain: How many times as fast as the adapters the routes learn.
    """

    learning_rate: WeightRate = 3e-4
    rank: Rank = 8
    heads: Annotated[Count, Choices(values=(1, 2, 4, 8))] = 4
    confidence: Annotated[Finite, LinearRange(low=0.0, high=8.0)] = 4.0
    gain: Annotated[PositiveFloat, LogRange(low=1.0, high=1000.0)] = 100.0

    def decoder(self, view: ProblemView) -> Decoder:
        """Return the adapters and their routes."""
        return RoutedAdapters(
            rank=self.rank, heads=self.heads, confidence=self.confidence, gain=self.gain
        )


@final
@dataclass(frozen=True, kw_only=True)
class RoutedAdapters(Decoder):
    """W_l(p) = pretrained_l + B_l(p) A_l(p), with blocks of B and A mixed by routes.

    Block h of B(p) is sum_i a_{h,i}(p) times that block of B_i, and likewise for A. The routes are
    stored divided by `gain`: Adam, which is blind to scale, then moves them `gain` times as fast.

    Args:
        rank: Rank of each adapter.
        heads: Blocks of rows and of columns; a matrix with fewer rows has a block per row.
        confidence: Start of a task's route to its own adapter; minus it for the others.
        gain: How many times as fast as the adapters the routes learn.
    """

    needs: ClassVar[Needs] = "experts"
    rank: int = 8
    heads: int = 4
    confidence: float = 4.0
    gain: float = 1.0

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Routes `(L, heads, m, m)`, then B `(m, rows, rank)` and A `(m, rank, columns)` of each.

        The third dimension of the routes is the task, the last one the adapter.
        """
        targets, m = matrices(experts.layout, self.rank), len(experts)
        own = self.confidence / self.gain * (2 * torch.eye(m) - 1)
        parameters = [own.expand(len(targets), self.heads, m, m).clone()]
        for target in targets:
            u, s, v = towards_experts(experts, experts.pretrained, target, self.rank)
            root = s.sqrt()
            parameters += [u * root[:, None, :], root[:, :, None] * v]
        return parameters

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        targets = matrices(experts.layout, self.rank)
        routes = mixing(self.gain * parameters[0], preference)
        factors = zip(routes, parameters[1::2], parameters[2::2], strict=True)
        terms = (
            blockwise(route, b.transpose(0, 1)) @ blockwise(route, a.permute(2, 0, 1)).T
            for route, b, a in factors
        )
        return add(experts.layout, self._rest(experts, targets, preference), targets, terms)

    def _rest(self, experts: ExpertPool, targets: tuple[Matrix, ...], preference: Tensor) -> Tensor:
        """Return the rewarded soup, with pretrained matrices where there are adapters."""
        rows = preference.repeat(len(experts.layout.names), 1)
        rows[[target.index for target in targets]] = 0
        return experts.merge(Coefficients(values=rows, space="tensor"))


def mixing(logits: Tensor, preference: Tensor) -> Tensor:
    """Return the `(L, heads, m)` weights of the adapters for logits `(L, heads, m, m)`."""
    opened = logits.sigmoid()
    shares = opened / opened.sum(dim=-1, keepdim=True)
    weights: Tensor = torch.einsum("t,lhti->lhi", preference, shares)
    return weights


def blockwise(route: Tensor, factor: Tensor) -> Tensor:
    """Return the `(n, rank)` mixture of factors `(n, m, rank)`, block by block.

    Args:
        route: `(heads, m)` weights; row j of n belongs to block floor(j heads / n).
        factor: The rows of B, or the columns of A, of every adapter.
    """
    n, heads = len(factor), len(route)
    block = torch.arange(n) * heads // n
    mixed: Tensor = torch.einsum("nm,nmr->nr", route[block], factor)
    return mixed
