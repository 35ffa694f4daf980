"""Dynamic logits fusion: the distance from the pretrained model is chosen for each input."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional

from ...errors import ParameterError
from ...problems.experts import Coefficients
from ...problems.predictor import Head, Layer, Predictor
from ...problems.view import ProblemView
from ...ranges import LinearRange
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap
from .logits_fusion import expert, wanted


@final
@dataclass(frozen=True, kw_only=True)
class DynamicLogitsFusion(Algorithm):
    """Logits l_0 + a(x) sum_i p_i (l_i - l_0), with a scale a(x) for each input.

    With P_a their softmax, a(x) is the smallest minimiser of sum_i p_i (KL(P_a || P_0) - KL(P_i ||
    P_0))^2 on a grid of [0, `greatest`]: the fusion moves as far from the pretrained model as the
    experts that matter. At a corner a = 1, which gives the expert. The method was published for
    transfer from small models to a large one, with one scale per task and no preference; here the
    preference gives the direction and all models have the same size. An input costs one pass of the
    pretrained model and one per expert whose task has a positive importance. Source: Fan et al.
    2024, which matches the divergences in this way.

    Args:
        greatest: Largest scale on the grid.
        spacing: Spacing of the grid.
    """

    greatest: Annotated[float, Ge(0.001), LinearRange(low=1.0, high=3.0)] = 2.0
    spacing: Annotated[float, Ge(0.001)] = 0.1

    def __post_init__(self) -> None:
        """Check that the grid has a scale above 0."""
        super().__post_init__()
        if self.spacing > self.greatest:
            raise ParameterError(
                "`spacing` of `dynamic-logits-fusion` must be at most `greatest`. "
                f"Found {self.spacing:g} and {self.greatest:g}. Lower `spacing`."
            )

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Fit nothing, after checking that all tasks predict distributions."""
        assert view.classes
        grid = torch.arange(round(self.greatest / self.spacing) + 1) * self.spacing
        return MapSet(experts=view.experts, function=DynamicallyFused(grid=grid))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DynamicallyFused(PreferenceMap):
    """The map from a preference to the predictor that fuses the models.

    Attributes:
        grid: Scales, ascending.
    """

    grid: Tensor

    def __call__(self, preference: Tensor) -> "ScaledDifference":
        """Return the fusion of the pretrained model with the experts that matter."""
        tasks, m = wanted(preference), len(preference)
        base = Coefficients(values=torch.zeros(m))
        return ScaledDifference(
            models=(base, *(expert(task, m) for task in tasks)),
            weights=preference[list(tasks)],
            grid=self.grid,
        )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ScaledDifference(Predictor):
    """The pretrained model's logits plus a scaled difference of the experts' logits.

    Attributes:
        weights: `(K - 1,)` weights of the models after the first, which is the pretrained one.
        grid: Scales to choose from.
    """

    weights: Tensor
    grid: Tensor

    @property
    def passes(self) -> float:
        """One pass per model."""
        return float(len(self.models))

    @property
    def stored_bytes(self) -> int:
        """Weights and grid; the models are in the pool."""
        return self.weights.nbytes + self.grid.nbytes

    def layer(self) -> Layer | None:
        """Return None, because the models are plain networks."""
        return None

    def logits(self, features: Tensor, head: Head) -> Tensor:
        """Return `(B, C)` logits, each example at its own scale."""
        base, *others = functional.log_softmax(functional.linear(features, *head), dim=-1)
        experts = torch.stack(others)
        direction = torch.einsum("k,kbc->bc", self.weights, experts - base)
        target = _divergence(experts, base)
        errors = torch.stack(
            [
                self.weights @ (_divergence(_moved(base, direction, a), base) - target).square()
                for a in self.grid
            ]
        )
        found: Tensor = base + self.grid[errors.argmin(dim=0)].unsqueeze(1) * direction
        return found


def _moved(base: Tensor, direction: Tensor, scale: Tensor) -> Tensor:
    moved: Tensor = (base + scale * direction).log_softmax(dim=-1)
    return moved


def _divergence(logs: Tensor, base: Tensor) -> Tensor:
    """Return KL(exp logs || exp base), in nats, over the last dimension."""
    found: Tensor = (logs.exp() * (logs - base)).sum(dim=-1)
    return found
