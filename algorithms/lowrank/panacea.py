"""Panacea: the preference as singular values of a low-rank term."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.low_rank import add, gaussian, matrices, towards_experts
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Initial, NetworkRate, Rank


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceSingularValues(Decoder):
    """W_l(p) = M_l + U_l diag(sigma_l, s_l p) V_l, with M task arithmetic.

    In U `(rows, rank + m)` and V `(rank + m, columns)`, the first `rank` singular vectors start at
    random and sigma `(rank,)` at 0. The last m start at the leading singular vectors of the
    differences between the experts and M, and the factor s at the mean of their singular values.

    Args:
        initial: Every coefficient of M.
        rank: Singular values that do not depend on the preference.
    """

    needs: ClassVar[Needs] = "model"
    initial: float = 0.3
    rank: int = 8

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """U, V and `(rank + 1,)` sigma and s of each matrix, in turn."""
        arithmetic = torch.full((len(experts),), self.initial)
        merged = experts.merge(Coefficients(values=arithmetic))
        parameters = []
        for target in matrices(experts.layout, self.rank):
            u, s, v = towards_experts(experts, merged, target, 1)
            left = gaussian((target.rows, self.rank), self.rank, generator)
            right = gaussian((self.rank, target.columns), target.columns, generator)
            parameters.append(torch.cat([left, u[:, :, 0].T], dim=1))
            parameters.append(torch.cat([right, v[:, 0, :]], dim=0))
            parameters.append(torch.cat([torch.zeros(self.rank), s.mean().view(1)]))
        return parameters

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        arithmetic = torch.full((len(experts),), self.initial)
        merged = experts.merge(Coefficients(values=arithmetic))
        triples = zip(parameters[::3], parameters[1::3], parameters[2::3], strict=True)
        terms = (
            (u * torch.cat([values[:-1], values[-1] * preference])) @ v for u, v, values in triples
        )
        return add(experts.layout, merged, matrices(experts.layout, self.rank), terms)


@final
@dataclass(frozen=True, kw_only=True)
class Panacea(MapAlgorithm):
    """A frozen merge and a low-rank term whose last singular values are the preference.

    Source: Zhong et al. 2024, Panacea: Pareto alignment via preference adaptation for LLMs,
    NeurIPS. It is trained on sum_i p_i L_i. Because the experts are known here, the frozen model is
    task arithmetic, and the singular vectors of the preference start in the directions of the
    experts, not at random. Singular vectors are not kept orthogonal.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-3 and 1e-2 by validation on `digits-left-right` and `digits-mnist-neg180` at
            20,000 units.
        initial: Every coefficient of the frozen merge.
        rank: Singular values that do not depend on the preference.
    """

    learning_rate: NetworkRate = 3e-3
    initial: Initial = 0.3
    rank: Rank = 8

    def decoder(self, view: ProblemView) -> Decoder:
        """The term on the merge."""
        return PreferenceSingularValues(initial=self.initial, rank=self.rank)
