"""Gradient solvers over merging coefficients, one a task."""

from dataclasses import dataclass
from typing import ClassVar, final

from ...problems.view import ProblemView
from ..training.decoder import ConstantCoefficients, Decoder
from ..training.weighting import Weighting
from .bargaining import NashMTL
from .conflict import MGDA, CAGrad, DualProj, PCGrad, UPGrad
from .epo import EPO
from .pmtl import PMTL
from .released import IMTLG, AlignedMTL
from .spaces import RayCoefficients, SingleCoefficients


@final
@dataclass(frozen=True, kw_only=True)
class MGDACoefficients(SingleCoefficients):
    """MGDA over coefficients: the least-norm step."""

    weighting: ClassVar[Weighting] = MGDA()


@final
@dataclass(frozen=True, kw_only=True)
class PCGradCoefficients(SingleCoefficients):
    """PCGrad over coefficients: conflicts projected off."""

    weighting: ClassVar[Weighting] = PCGrad()


@final
@dataclass(frozen=True, kw_only=True)
class CAGradCoefficients(SingleCoefficients):
    """CAGrad over coefficients: near the mean gradient, best for the least helped task."""

    weighting: ClassVar[Weighting] = CAGrad()


@final
@dataclass(frozen=True, kw_only=True)
class NashMTLCoefficients(SingleCoefficients):
    """Nash-MTL over coefficients: the step tasks agree on by bargaining."""

    weighting: ClassVar[Weighting] = NashMTL()


@final
@dataclass(frozen=True, kw_only=True)
class IMTLGCoefficients(SingleCoefficients):
    """IMTL-G over coefficients: equal projections on all gradients."""

    weighting: ClassVar[Weighting] = IMTLG()


@final
@dataclass(frozen=True, kw_only=True)
class EPOCoefficients(RayCoefficients):
    """EPO search over coefficients: one model a ray, on which p_i L_i are equal."""

    weighting: ClassVar[Weighting] = EPO()


@final
@dataclass(frozen=True, kw_only=True)
class UPGradCoefficients(RayCoefficients):
    """UPGrad over coefficients: one model a ray, weighed by p, without conflict."""

    weighting: ClassVar[Weighting] = UPGrad()


@final
@dataclass(frozen=True, kw_only=True)
class DualProjCoefficients(RayCoefficients):
    """DualProj over coefficients: one model a ray, the weighted sum projected free of conflict."""

    weighting: ClassVar[Weighting] = DualProj()


@final
@dataclass(frozen=True, kw_only=True)
class AlignedMTLCoefficients(RayCoefficients):
    """Aligned-MTL over coefficients: one model a ray, aligned components weighed by p."""

    weighting: ClassVar[Weighting] = AlignedMTL()


@final
@dataclass(frozen=True, kw_only=True)
class PMTLCoefficients(PMTL):
    """PMTL over merging coefficients, one a task, from task arithmetic.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray, a fifth of them to enter; fewer where the budget ends first.
        learning_rate: Of Adam in each phase, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
        initial: Every coefficient at the start.
    """

    rays: int = 11
    steps: int = 200
    learning_rate: float = 3e-2
    chained: bool = True
    initial: float = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """One coefficient a task."""
        return ConstantCoefficients(initial=self.initial)
