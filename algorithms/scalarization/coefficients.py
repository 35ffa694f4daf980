"""Scalarizations minimised over merging coefficients: one small descent a ray."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

from ...problems.view import ProblemView
from ..training.decoder import ConstantCoefficients, Decoder
from ..training.ray_algorithm import RayAlgorithm
from ..training.weighting import AugmentedTchebycheff, SmoothTchebycheff, Tchebycheff, Weighting


@dataclass(frozen=True, kw_only=True)
class _Coefficients(RayAlgorithm, ABC):
    """Minimise a scalarization of L_i(base + sum_t c_t task_vector_t) over c, ray by ray.

    All rays draw from one stream of batches.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
        initial: Every coefficient at the start of the first.
    """

    initial: float = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """One coefficient a task."""
        return ConstantCoefficients(initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class LinearScalarizationCoefficients(_Coefficients):
    """min over c of sum_i p_i L_i(base + sum_t c_t task_vector_t), for each ray p of a lattice."""


@final
@dataclass(frozen=True, kw_only=True)
class TchebycheffCoefficients(_Coefficients):
    """min over c of max_i p_i g_i, g_i the normalised loss, for each ray p of a lattice."""

    weighting: ClassVar[Weighting] = Tchebycheff()


@final
@dataclass(frozen=True, kw_only=True)
class SmoothTchebycheffCoefficients(_Coefficients):
    """min over c of the smooth Tchebycheff scalarization, for each ray p of a lattice."""

    weighting: ClassVar[Weighting] = SmoothTchebycheff()


@final
@dataclass(frozen=True, kw_only=True)
class AugmentedTchebycheffCoefficients(_Coefficients):
    """min over c of max_i p_i g_i + 0.001 sum_i p_i g_i, for each ray p of a lattice."""

    weighting: ClassVar[Weighting] = AugmentedTchebycheff()
