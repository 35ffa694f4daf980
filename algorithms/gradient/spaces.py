"""What gradient solvers train: merging coefficients, or all weights from the uniform merge."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.constant import Training
from ..training.criterion import CrossEntropy
from ..training.decoder import ConstantCoefficients, ConstantWeights, Decoder
from ..training.descent import Descent, affordable
from ..training.ray_algorithm import RayAlgorithm
from ..training.weighting import Weighting


@dataclass(frozen=True, kw_only=True)
class _Single(Algorithm, ABC):
    """One descent for solvers that take no preference: the answer is one balanced model."""

    weighting: ClassVar[Weighting]
    steps: int
    learning_rate: float
    batch_size: int

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """What is trained on this problem."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend along the solver's steps."""
        training = Training(
            decoder=self.decoder(view),
            criterion=CrossEntropy(),
            descent=Descent(
                steps=affordable(view, self.steps, self.batch_size),
                learning_rate=self.learning_rate,
            ),
            weighting=self.weighting,
        )
        return training.run(view, view.batches(self.batch_size), generator)


@dataclass(frozen=True, kw_only=True)
class SingleCoefficients(_Single, ABC):
    """One coefficient a task, as the scalarizations over coefficients have, from one start.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
    """

    steps: int = 1000
    learning_rate: float = 3e-2
    batch_size: int = 16
    initial: float = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """One coefficient a task."""
        return ConstantCoefficients(initial=self.initial)


@dataclass(frozen=True, kw_only=True)
class SingleFinetune(_Single, ABC):
    """All weights, from the mean of the experts.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 3e-5, 1e-4, 3e-4 and
            1e-3, for MGDA, this was the best on validation of `digits-left-right`, and within 4 %
            of the best on `digits-mnist-neg180`.
        batch_size: Examples of each task a step.
    """

    steps: int = 8000
    learning_rate: float = 1e-4
    batch_size: int = 16

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights."""
        return ConstantWeights(initial=1 / len(view.tasks))


@dataclass(frozen=True, kw_only=True)
class RayCoefficients(RayAlgorithm, ABC):
    """One coefficient a task for each ray of a lattice.

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


@dataclass(frozen=True, kw_only=True)
class RayFinetune(RayAlgorithm, ABC):
    """All weights for each ray of a lattice, from the mean of the experts; all models are kept.

    Args:
        rays: Most rays; never fewer than the corners and the centre.
        steps: Gradient steps a ray; fewer where the budget, shared evenly, ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 3e-5, 1e-4 and 3e-4,
            for EPO, this was the best on validation of `digits-left-right` and
            `digits-mnist-neg180`.
        batch_size: Examples of each task a step.
        chained: Whether a ray starts from the solution of the nearest ray solved before.
    """

    rays: int = 5
    steps: int = 8000
    learning_rate: float = 1e-4
    chained: bool = False

    def decoder(self, view: ProblemView) -> Decoder:
        """All weights."""
        return ConstantWeights(initial=1 / len(view.tasks))
