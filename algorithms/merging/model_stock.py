"""Model stock: how far from the base model the average of the experts should be."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet
from .slerp import cosines


@final
@dataclass(frozen=True, kw_only=True)
class ModelStock(Algorithm):
    """Tensor by tensor base + t * mean of the task vectors, t following from their angles.

    t = m cos / (1 + (m - 1) cos), cos being the mean over all pairs, kept from 0 up: orthogonal
    task vectors are taken for noise and give the base model. Made for experts of one task; for
    tasks that differ it is a cautious merge. Source: Jang et al. 2024, equation 3 and appendix B.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Nothing is fitted."""
        m = len(view.experts)
        ratio = interpolation_ratio(cosines(view.experts))
        values = (ratio / m)[:, None].expand(-1, m).to(torch.float32).contiguous()
        point = Coefficients(values=values, space="tensor")
        return ConstantSet(experts=view.experts, constant=point)


def interpolation_ratio(gram: Tensor) -> Tensor:
    """`(G,)` ratios t in [0, 1] of `(G, m, m)` cosines."""
    m = gram.shape[1]
    cosine = (gram.sum(dim=(1, 2)) - torch.diagonal(gram, dim1=1, dim2=2).sum(dim=1)) / (
        m * (m - 1)
    )
    cosine = cosine.clamp(0, 1)
    return m * cosine / (1 + (m - 1) * cosine)
