"""Model stock: how far the average of the experts should be from the pretrained model."""

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
    """Tensor by tensor pretrained + t * mean of the task vectors, with t given by their angles.

    t = m cos / (1 + (m - 1) cos), with cos the mean over all pairs, at least 0: orthogonal task
    vectors count as noise and give the pretrained model. The method was made for experts of one
    task; for different tasks it is a cautious merge. Source: Jang et al. 2024, equation 3 and
    appendix B.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Return the set without fitting anything."""
        m = len(view.experts)
        ratio = interpolation_ratio(cosines(view.experts))
        values = (ratio / m)[:, None].expand(-1, m).to(torch.float32).contiguous()
        point = Coefficients(values=values, space="tensor")
        return ConstantSet(experts=view.experts, constant=point)


def interpolation_ratio(gram: Tensor) -> Tensor:
    """Return `(G,)` ratios t in [0, 1] from `(G, m, m)` cosines."""
    m = gram.shape[1]
    cosine = (gram.sum(dim=(1, 2)) - torch.diagonal(gram, dim1=1, dim2=2).sum(dim=1)) / (
        m * (m - 1)
    )
    # Below 0 the formula would lead away from the experts.
    cosine = cosine.clamp(0, 1)
    return m * cosine / (1 + (m - 1) * cosine)
