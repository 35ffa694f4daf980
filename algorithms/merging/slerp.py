"""SLERP of task vectors, for any number of them: the Karcher mean of their directions."""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap

_OPPOSITE: Final = 0.9995
"""Vectors with a cosine below the negative of this are opposite: their mean is not unique."""
_STEPS: Final = 100
_TOLERANCE: Final = 1e-12
_NOTHING: Final = 1e-300
"""Smallest length that vectors are divided by, far below any length in float32."""


@final
@dataclass(frozen=True, kw_only=True)
class Slerp(Algorithm):
    """The spherical mean of the task vectors of each tensor, with the preference as weights.

    For two tasks this is sin((1 - t) w) / sin w tau_1 + sin(t w) / sin w tau_2 with t = p_2 and w
    the angle between them. For more tasks, the coefficients of the Karcher mean of the unit
    vectors, which agree for two, are applied to the vectors at their own lengths. The corners are
    the experts. Task vectors are merged, not weights, which are almost collinear. If two vectors of
    a tensor are opposite or one is 0, the coefficients of that tensor are the preference. Source:
    Shoemake 1985, SIGGRAPH; Karcher 1977 for the mean.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Compute the cosines between the task vectors, which are all that any preference needs."""
        return MapSet(experts=view.experts, function=SphericalMean(gram=cosines(view.experts)))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SphericalMean(PreferenceMap):
    """The mean for a preference, from `(G, T, T)` cosines between the task vectors."""

    gram: Tensor

    def __call__(self, preference: Tensor) -> Coefficients:
        """Return `(G, T)` coefficients of every tensor."""
        values = spherical_weights(self.gram, preference.double())
        return Coefficients(values=values.to(preference.dtype), space="tensor")


def cosines(pool: ExpertPool) -> Tensor:
    """Return `(G, T, T)` float64 cosines between task vectors in G tensors, 0 for zero vectors."""
    grams = []
    for piece in torch.split(pool.task_vectors, list(pool.layout.sizes), dim=1):
        units = torch.nn.functional.normalize(piece.double(), dim=1, eps=_NOTHING)
        grams.append(units @ units.T)
    return torch.stack(grams)


def spherical_weights(gram: Tensor, preference: Tensor) -> Tensor:
    """Return `(G, T)` coefficients of the weighted Karcher mean of unit vectors.

    The mean is the fixed point of steps along the mean logarithm, starting at the linear mean.

    Args:
        gram: `(G, T, T)` their cosines, with 1 on the diagonal.
        preference: `(T,)` weights.
    """
    linear = preference.expand(gram.shape[:2])
    present = torch.diagonal(gram, dim1=1, dim2=2).amin(dim=1) > 0
    spherical = present & (gram.amin(dim=(1, 2)) > -_OPPOSITE)
    mean = _unit(linear, gram)
    for _ in range(_STEPS):
        # Rounding can exceed 1, where the angle is not a number.
        cosine = torch.einsum("gij,gj->gi", gram, mean).clamp(-1, 1)
        angle = torch.arccos(cosine)
        # torch.sinc(x) is sin(pi x) / (pi x): this is angle / sin(angle), without 0 / 0 at angle 0.
        pull = preference / torch.sinc(angle / torch.pi)
        step = pull - (pull * cosine).sum(dim=1, keepdim=True) * mean
        length = _length(step, gram)
        if not bool((length[spherical] > _TOLERANCE).any()):
            break
        along = torch.sinc(length / torch.pi)
        mean = _unit(torch.cos(length) * mean + along * step, gram)
    return torch.where(spherical[:, None], mean, linear)


def _length(weights: Tensor, gram: Tensor) -> Tensor:
    squares = torch.einsum("gi,gij,gj->g", weights, gram, weights)
    # Rounding can make the square of a length near 0 negative.
    return squares.clamp_min(0).sqrt()[:, None]


def _unit(weights: Tensor, gram: Tensor) -> Tensor:
    return weights / _length(weights, gram).clamp_min(_NOTHING)
