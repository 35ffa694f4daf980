"""Logits fusion: the experts run side by side, and the preference weights their predictions."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from ...problems.experts import Coefficients
from ...problems.predictor import Head, Layer, Predictor
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap


def expert(index: int, m: int) -> Coefficients:
    """Return the coefficients of expert `index` of m."""
    return Coefficients(values=torch.eye(m)[index])


def wanted(preference: Tensor) -> tuple[int, ...]:
    """Return the tasks of positive importance: only their experts need to run."""
    return tuple(torch.nonzero(preference > 0).flatten().tolist())


@final
@dataclass(frozen=True, kw_only=True)
class LogitsFusion(Algorithm):
    """log P(y | x) = sum_i p_i log P_i(y | x) + const: the geometric mean of the experts.

    Among all mixtures it minimises sum_i p_i KL(P || P_i). The corners are the experts. An input
    costs one pass per expert whose task has a positive importance. Source: Shi et al. 2024.
    """

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Fit nothing, after checking that all tasks predict distributions."""
        assert view.classes
        return MapSet(experts=view.experts, function=Fused())


@final
@dataclass(frozen=True, kw_only=True)
class Fused(PreferenceMap):
    """The map from a preference to the predictor that fuses the experts."""

    def __call__(self, preference: Tensor) -> "GeometricMean":
        """Return the geometric mean of the experts whose tasks have a positive importance."""
        tasks = wanted(preference)
        return GeometricMean(
            models=tuple(expert(task, len(preference)) for task in tasks),
            weights=preference[list(tasks)],
        )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GeometricMean(Predictor):
    """sum_k w_k log softmax(logits of model k), normalised by the softmax that reads it.

    Attributes:
        weights: `(K,)`, summing to 1.
    """

    weights: Tensor

    @property
    def passes(self) -> float:
        """One pass per model."""
        return float(len(self.models))

    @property
    def stored_bytes(self) -> int:
        """The weights; the models are in the pool."""
        return self.weights.nbytes

    def layer(self) -> Layer | None:
        """Return None, because the models are plain networks."""
        return None

    def logits(self, features: Tensor, head: Head) -> Tensor:
        """Return `(B, C)` log-probabilities, up to one constant per example."""
        logs = functional.log_softmax(functional.linear(features, *head), dim=-1)
        return torch.einsum("k,kbc->bc", self.weights, logs)
