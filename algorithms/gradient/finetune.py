"""Gradient solvers over all weights, from the mean of the experts."""

from dataclasses import dataclass
from typing import ClassVar, final

from ...problems.view import ProblemView
from ..training.decoder import ConstantWeights, Decoder
from ..training.weighting import Weighting
from .bargaining import NashMTL
from .conflict import MGDA, CAGrad, DualProj, PCGrad, UPGrad
from .epo import EPO
from .pmtl import PMTL
from .released import IMTLG, AlignedMTL
from .spaces import RayFinetune, SingleFinetune


@final
@dataclass(frozen=True, kw_only=True)
class MGDAFinetune(SingleFinetune):
    """MGDA over all weights: the least-norm step."""

    weighting: ClassVar[Weighting] = MGDA()


@final
@dataclass(frozen=True, kw_only=True)
class PCGradFinetune(SingleFinetune):
    """PCGrad over all weights: conflicts projected off."""

    weighting: ClassVar[Weighting] = PCGrad()


@final
@dataclass(frozen=True, kw_only=True)
class CAGradFinetune(SingleFinetune):
    """CAGrad over all weights: near the mean gradient, best for the least helped task."""

    weighting: ClassVar[Weighting] = CAGrad()


@final
@dataclass(frozen=True, kw_only=True)
class NashMTLFinetune(SingleFinetune):
    """Nash-MTL over all weights: the step tasks agree on by bargaining."""

    weighting: ClassVar[Weighting] = NashMTL()


@final
@dataclass(frozen=True, kw_only=True)
class IMTLGFinetune(SingleFinetune):
    """IMTL-G over all weights: equal projections on all gradients."""

    weighting: ClassVar[Weighting] = IMTLG()


@final
@dataclass(frozen=True, kw_only=True)
class EPOFinetune(RayFinetune):
    """EPO search over all weights: one model a ray, on which p_i L_i are equal."""

    weighting: ClassVar[Weighting] = EPO()


@final
@dataclass(frozen=True, kw_only=True)
class UPGradFinetune(RayFinetune):
    """UPGrad over all weights: one model a ray, weighed by p, without conflict."""

    weighting: ClassVar[Weighting] = UPGrad()


@final
@dataclass(frozen=True, kw_only=True)
class DualProjFinetune(RayFinetune):
    """DualProj over all weights: one model a ray, the weighted sum projected free of conflict."""

    weighting: ClassVar[Weighting] = DualProj()


@final
@dataclass(frozen=True, kw_only=True)
class AlignedMTLFinetune(RayFinetune):
    """Aligned-MTL over all weights: one model a ray, aligned components weighed by p."""

    weighting: ClassVar[Weighting] = AlignedMTL()


@final
@dataclass(frozen=True, kw_only=True)
class PMTLFinetune(PMTL):
    """PMTL over all weights, from the mean of the experts; all models are kept."""

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 1e-4
    chained: bool = False

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights."""
        return ConstantWeights(initial=1 / len(view.tasks))
