"""Weightings by name: scalarizations of the losses, and EPO search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, final

import torch
from torch import Tensor

from ..scalarizations import AUGMENTATION
from .epo import EPO
from .weighting import Step, Weighting


@final
class Linear(Weighting):
    """sum_i p_i L_i: the weights are the preference, losses as they are."""

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights."""
        return step.preference


@final
class Tchebycheff(Weighting):
    """max_i p_i g_i: all weight on the task that is worst for its importance.

    Source: Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4.
    """

    normalised: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights, all 0 except that of the worst task, the first one in a tie."""
        worst = int((step.preference * step.losses).argmax())
        return torch.zeros_like(step.preference).index_fill(
            0, torch.tensor([worst]), float(step.preference[worst])
        )


@final
class AugmentedTchebycheff(Weighting):
    """max_i p_i g_i + 0.001 sum_i p_i g_i, the selector's utility: no weakly efficient optima.

    Source: Wierzbicki 1980, The use of reference objectives in multiobjective optimization.
    """

    normalised: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights."""
        return Tchebycheff()(step) + AUGMENTATION * step.preference


@final
@dataclass(frozen=True, kw_only=True)
class SmoothTchebycheff(Weighting):
    """mu log sum_i exp(p_i g_i / mu): Tchebycheff as mu goes to 0, the mean as it grows.

    Source: Lin et al. 2024, Smooth Tchebycheff scalarization, ICML.

    Args:
        mu: Smoothing, in units of g.
    """

    normalised: ClassVar[bool] = True
    mu: float = 0.1

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights p_i softmax(p g / mu)_i."""
        return step.preference * torch.softmax(step.preference * step.losses / self.mu, dim=0)


@final
class Equal(Weighting):
    """sum_i L_i: every weight is 1 for every preference."""

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` ones."""
        return torch.ones_like(step.losses)


WEIGHTINGS: Final[Mapping[str, Weighting]] = {
    "linear": Linear(),
    "tchebycheff": Tchebycheff(),
    "augmented-tchebycheff": AugmentedTchebycheff(),
    "smooth-tchebycheff": SmoothTchebycheff(),
    "epo": EPO(),
}
"""The weighting behind each value of the bound field `solver` of map and ray algorithms."""
