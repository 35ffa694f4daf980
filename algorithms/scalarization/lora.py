"""A scalarization minimised over low-rank adapters of a frozen model, one adapter per ray."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from torch import Tensor

from ...domains import CountOrZero, Finite, PositiveFloat
from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ...ranges import LogRange
from ..pareto_set import Model
from ..training.decoder import Decoder, Parameters
from ..training.low_rank import add, gaussian, matrices
from ..training.ray_algorithm import RayAlgorithm
from ..training.tuned import NetworkRate, Rank, Rays


@final
@dataclass(frozen=True, kw_only=True)
class ConstantAdapter(Decoder):
    """W_l = M_l + (alpha / rank) B_l A_l, the same for every preference, with M task arithmetic.

    B starts at 0 and A at random, so that training starts at M.

    Args:
        initial: Every coefficient of M; 0 is the pretrained model.
        rank: Rank of the product.
        alpha: Scale of the product, multiplied by the rank.
    """

    initial: float = 0.0
    rank: int = 8
    alpha: float = 16.0

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """B `(rows, rank)` and A `(rank, columns)` of each matrix, in turn."""
        parameters = []
        for target in matrices(experts.layout, self.rank):
            parameters.append(torch.zeros(target.rows, self.rank))
            shape = (self.rank, target.columns)
            parameters.append(gaussian(shape, target.columns, generator))
        return parameters

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        frozen = experts.merge(Coefficients(values=torch.full((len(experts),), self.initial)))
        scale = self.alpha / self.rank
        pairs = zip(parameters[::2], parameters[1::2], strict=True)
        terms = ((scale * b) @ a for b, a in pairs)
        return add(experts.layout, frozen, matrices(experts.layout, self.rank), terms)


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationAdapters(RayAlgorithm):
    """Minimise sum_i p_i L_i over low-rank adapters of a frozen model, for each ray p of a lattice.

    Models are kept with their adapters merged in. Source: Hu et al. 2022, LoRA: Low-rank adaptation
    of large language models, ICLR, section 4, with alpha = 2 rank.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-3, 3e-3 and 1e-2 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 20,000 units.
        initial: Coefficient of every task vector in the frozen model; 0 is the pretrained model.
        rank: Rank of the adapters.
        alpha: Scale of the adapters, multiplied by their rank.
    """

    rays: Rays = 5
    steps: CountOrZero = 8000
    learning_rate: NetworkRate = 1e-3
    chained: bool = False
    initial: Finite = 0.0
    rank: Rank = 8
    alpha: Annotated[PositiveFloat, LogRange(low=4.0, high=64.0)] = 16.0

    def decoder(self, view: ProblemView) -> Decoder:
        """The adapters."""
        return ConstantAdapter(initial=self.initial, rank=self.rank, alpha=self.alpha)
