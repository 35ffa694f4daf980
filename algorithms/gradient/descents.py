"""Gradient descent along a solver's steps, over merging coefficients or over all weights."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import torch

from ...domains import CountOrZero, PositiveFloat
from ...problems.view import ProblemView
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.decoder import ConstantCoefficients, ConstantWeights, Decoder
from ..training.descent import Descent, affordable
from ..training.epo import EPO
from ..training.ray_algorithm import RayCoefficients, RayFinetune
from ..training.ray_training import RayTraining
from ..training.tuned import BatchSize, CoefficientRate, Initial, WeightRate
from ..training.weighting import Weighting
from .solvers import MGDA, CAGrad, DualProj, NashMTL, PCGrad, UPGrad
from .torchjd_solvers import IMTLG, AlignedMTL

BALANCED: Final[Mapping[str, Weighting]] = {
    "mgda": MGDA(),
    "pcgrad": PCGrad(),
    "cagrad": CAGrad(),
    "nash-mtl": NashMTL(),
    "imtl-g": IMTLG(),
}
"""Solvers that take no preference: they end in one balanced model."""

PREFERENTIAL: Final[Mapping[str, Weighting]] = {
    "epo": EPO(),
    "upgrad": UPGrad(),
    "dualproj": DualProj(),
    "aligned-mtl": AlignedMTL(),
}
"""Solvers that take a preference: they give one model per ray."""


@dataclass(frozen=True, kw_only=True)
class _Balanced(Algorithm, ABC):
    """One descent along the steps of a solver that takes no preference.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step.
    """

    steps: CountOrZero
    learning_rate: PositiveFloat
    batch_size: BatchSize = 16
    solver: str = bound(among=BALANCED)

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """Return the decoder that is trained on this problem."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend along the solver's steps."""
        training = RayTraining(
            decoder=self.decoder(view),
            criterion=CrossEntropy(),
            descent=Descent(
                steps=affordable(view, self.steps, self.batch_size),
                learning_rate=self.learning_rate,
            ),
            weighting=BALANCED[self.solver],
        )
        return training.run(view, view.batches(self.batch_size), generator)


@final
@dataclass(frozen=True, kw_only=True)
class BalancedCoefficients(_Balanced):
    """One balanced model: a gradient solver without a preference, over merging coefficients.

    It starts where the scalarizations over coefficients start.

    Args:
        initial: Initial value of every coefficient.
    """

    steps: CountOrZero = 1000
    learning_rate: CoefficientRate = 3e-2
    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one coefficient per task."""
        return ConstantCoefficients(initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class BalancedFinetune(_Balanced):
    """One balanced model: a gradient solver without a preference, over all weights.

    It starts from the mean of the experts.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Of
            3e-5, 1e-4, 3e-4 and 1e-3, for MGDA, 1e-4 was best in validation on `digits-left-right`,
            and within 4 % of the best on `digits-mnist-neg180`.
    """

    steps: CountOrZero = 8000
    learning_rate: WeightRate = 1e-4

    def decoder(self, view: ProblemView) -> Decoder:
        """Return all weights."""
        return ConstantWeights(initial=1 / len(view.tasks))


@final
@dataclass(frozen=True, kw_only=True)
class PreferentialCoefficients(RayCoefficients):
    """One model per ray: a gradient solver with a preference, over merging coefficients."""

    solver: str = bound(among=PREFERENTIAL)

    @property
    def weighting(self) -> Weighting:
        """The solver."""
        return PREFERENTIAL[self.solver]


@final
@dataclass(frozen=True, kw_only=True)
class PreferentialFinetune(RayFinetune):
    """One model per ray: a gradient solver with a preference, over all weights.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Of
            3e-5, 1e-4 and 3e-4, for EPO, 1e-4 was best in validation on `digits-left-right` and
            `digits-mnist-neg180`.
    """

    solver: str = bound(among=PREFERENTIAL)

    @property
    def weighting(self) -> Weighting:
        """The solver."""
        return PREFERENTIAL[self.solver]
