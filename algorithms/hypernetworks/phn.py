"""Preference hypernetworks over merging coefficients."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

from ...problems.view import ProblemView
from ..gradient.epo import EPO
from ..training.decoder import Decoder
from ..training.map_algorithm import MapAlgorithm
from ..training.weighting import Tchebycheff, Weighting
from .trunk import BlockHypernetwork


@dataclass(frozen=True, kw_only=True)
class _BlockPHN(MapAlgorithm, ABC):
    """One network [p, block embedding] -> block's coefficients, a random preference a step.

    Source: Navon et al. 2021, with merging coefficients in place of all weights.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 1e-3 and 3e-3 this was
            the better on validation of `digits-left-right` and `digits-mnist-neg180` at tier S.
        batch_size: Examples of each task a step.
        concentration: Of the Dirichlet distribution of training preferences.
        width: Hidden units of each trunk layer.
        initial: Every coefficient at the start.
    """

    learning_rate: float = 3e-3
    concentration: float = 0.2
    width: int = 64
    initial: float = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """One trunk for all blocks."""
        return BlockHypernetwork(width=self.width, initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceHypernetwork(_BlockPHN):
    """A hypernetwork over block coefficients, trained on sum_i p_i L_i (PHN-LS)."""


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceHypernetworkEPO(_BlockPHN):
    """A hypernetwork over block coefficients, trained by EPO search (PHN-EPO)."""

    weighting: ClassVar[Weighting] = EPO()


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceHypernetworkTchebycheff(_BlockPHN):
    """A hypernetwork over block coefficients, trained on max_i p_i g_i (PHN-Tche)."""

    weighting: ClassVar[Weighting] = Tchebycheff()
