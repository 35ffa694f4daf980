"""The preference hypernetwork over block coefficients and directions outside their span."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ..pareto_set import Model
from ..training.decoder import Decoder, Parameters
from ..training.low_rank import add, gaussian, matrices
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Concentration, Initial, NetworkRate, Rank, Width
from .trunk import EMBEDDING, perceptron, start_perceptron, with_preference


@final
@dataclass(frozen=True, kw_only=True)
class LowRankHypernetwork(Decoder):
    """W_l(p) = W0_l + sum_i c_{l,i}(p) task_vector_{l,i} + B_l diag(s_l(p)) A_l.

    One trunk [p, embedding] -> width -> width -> (T + rank): its first T outputs for the embedding
    of a block are the block's coefficients c, its others for the embedding of a matrix are s of the
    matrix. B_l `(rows, rank)` and A_l `(rank, columns)` are shared by all preferences. The last
    layer starts at 0, so that every preference starts at task arithmetic.

    Args:
        width: Hidden units of each layer.
        initial: Initial value of every coefficient.
        rank: Rank of the term that is added to each matrix.
    """

    width: int = 64
    initial: float = 0.3
    rank: int = 4

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Embeddings of blocks and matrices, six of the trunk, then B and A of each matrix."""
        targets = matrices(experts.layout, self.rank)
        rows = len(experts.layout.groups("block").names) + len(targets)
        embeddings = torch.randn(rows, EMBEDDING, generator=generator)
        outputs = len(experts) + self.rank
        widths = [experts.tasks + EMBEDDING, self.width, self.width, outputs]
        *trunk, bias = start_perceptron(widths, generator)
        bias[: len(experts)] = self.initial
        factors = []
        for target in targets:
            factors.append(gaussian((target.rows, self.rank), self.rank, generator))
            factors.append(gaussian((self.rank, target.columns), target.columns, generator))
        return [embeddings, *trunk, bias, *factors]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        embeddings, trunk, factors = parameters[0], parameters[1:7], parameters[7:]
        blocks = len(experts.layout.groups("block").names)
        found = perceptron(trunk, with_preference(preference, embeddings))
        coefficients = found[:blocks, : len(experts)]
        merged = experts.merge(Coefficients(values=coefficients, space="block"))
        scales = found[blocks:, len(experts) :]
        terms = ((b * s) @ a for b, s, a in zip(factors[::2], scales, factors[1::2], strict=True))
        return add(experts.layout, merged, matrices(experts.layout, self.rank), terms)


@final
@dataclass(frozen=True, kw_only=True)
class LowRankPreferenceHypernetwork(MapAlgorithm):
    """One network for block coefficients and low-rank terms.

    Source: Navon et al. 2021 for the hypernetwork; the low-rank terms, with singular values that
    depend on the preference, are those of Zhong et al. 2024, Panacea.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-3, 3e-3 and 1e-2 by validation on `digits-left-right` and `digits-mnist-neg180`
            at 20,000 units.
        width: Hidden units of each trunk layer.
        initial: Initial value of every coefficient.
        rank: Rank of the term that is added to each matrix.
    """

    learning_rate: NetworkRate = 3e-3
    concentration: Concentration = 0.2
    width: Width = 64
    initial: Initial = 0.3
    rank: Rank = 4

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one trunk for all blocks and matrices."""
        return LowRankHypernetwork(width=self.width, initial=self.initial, rank=self.rank)
