"""PMTL: one model in each sector into which preferences divide objective space."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np
import torch
from torch import Tensor

from ...domains import CountOrZero, PositiveFloat
from ...problems.predictor import Predictor
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.decoder import ConstantCoefficients, ConstantWeights, Decoder
from ..training.descent import Descent, steps_per_ray
from ..training.measured_pool import MeasuredPool
from ..training.ray_algorithm import nearest
from ..training.ray_training import RayTraining
from ..training.rays import rays
from ..training.tuned import BatchSize, CoefficientRate, Initial, Rays, WeightRate
from ..training.weighting import Step, Weighting
from .least_norm import Array, least_norm
from .solvers import as_array, as_weights

LEAST_IMPORTANCE: Final = 1e-2
"""Smallest importance in a direction, because 1 / p must be finite."""


def directions(preferences: Array) -> Array:
    """Return `(k, m)` unit vectors along 1 / p, where p_i g_i is the same for all tasks."""
    raised = 1 / np.maximum(preferences, LEAST_IMPORTANCE)
    unit: Array = raised / np.linalg.norm(raised, axis=1, keepdims=True)
    return unit


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Sector(Weighting):
    """Steps that enter the sector of one direction, and then lower all losses inside it.

    The sector of u_k is where (u_j - u_k) . g <= 0 for all other directions u_j. The step is the
    least-norm combination of the gradients of the tasks and of the active constraints, so that all
    of them decrease. While `entering`, only the violated constraints count. Source: Lin et al.
    2019, Pareto multi-task learning, NeurIPS, eqs. 9 and 13.

    Args:
        others: `(k, m)` differences u_j - u_k.
        entering: Whether this is the first phase, which searches for the sector.
    """

    needs_gradients: ClassVar[bool] = True
    normalised: ClassVar[bool] = True
    others: Array
    entering: bool

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights of either sign, whose magnitudes sum to m."""
        gramian, m = as_array(step.gramian), len(step.losses)
        active = self.others[self.others @ as_array(step.losses) >= 0]
        rows = active if self.entering and len(active) else np.vstack([np.eye(m), active])
        weights = least_norm(rows @ gramian @ rows.T) @ rows
        size = np.abs(weights).sum()
        return as_weights(m * weights / size if size > 0 else np.ones(m), step)


@dataclass(frozen=True, kw_only=True)
class _PMTL(Algorithm, ABC):
    """One model per ray of a lattice, in two phases: enter its sector, then descend in it.

    Objectives are normalised losses, and the direction of a preference p is 1 / p, so that a more
    important task has the smaller loss; the paper's directions are those of the losses themselves.

    Args:
        rays: Maximum number of rays; the corners and the centre are always included.
        steps: Gradient steps per ray, a fifth of them to enter; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam in each phase; a cosine schedule lowers it to a
            tenth.
        batch_size: Examples of each task per step.
        chained: Whether a ray starts from the solution of the nearest ray solved before, instead of
            from the common start.
    """

    rays: Rays
    steps: CountOrZero
    learning_rate: PositiveFloat
    chained: bool
    batch_size: BatchSize = 16

    @abstractmethod
    def decoder(self, view: ProblemView) -> Decoder:
        """Return the decoder that is trained on this problem."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Solve one ray at a time."""
        decoder = self.decoder(view)
        lattice = rays(len(view.tasks), self.rays)
        u = directions(as_array(lattice))
        start = decoder.start(view.experts, generator)
        batches = view.batches(self.batch_size)
        steps = steps_per_ray(view, len(lattice), self.steps, self.batch_size)
        size = sum(p.numel() for p in start)
        pool = MeasuredPool(view, trainable_parameters=len(lattice) * size)
        solved: list[list[Tensor]] = []
        for index, ray in enumerate(lattice):
            first = solved[nearest(lattice[:index], ray)] if solved else start
            parameters = [p.clone() for p in first]
            others = np.delete(u, index, axis=0) - u[index]
            # A fifth of the steps enters the sector, as published; each phase has its own schedule.
            for entering, share in ((True, steps // 5), (False, steps - steps // 5)):
                training = RayTraining(
                    decoder=decoder,
                    criterion=CrossEntropy(),
                    descent=Descent(steps=share, learning_rate=self.learning_rate),
                    weighting=Sector(others=others, entering=entering),
                )
                training.train(view, parameters, ray, batches, generator)
            solved += [parameters] if self.chained else []
            point = decoder.decode(view.experts, parameters, ray)
            assert not isinstance(point, Predictor), "rays end in models"
            pool.measure(point)
        return pool.pareto_set()


@final
@dataclass(frozen=True, kw_only=True)
class PMTLCoefficients(_PMTL):
    """PMTL over merging coefficients, one per task, from task arithmetic.

    Args:
        initial: Initial value of every coefficient.
    """

    rays: Rays = 11
    steps: CountOrZero = 200
    learning_rate: CoefficientRate = 3e-2
    chained: bool = True
    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one coefficient per task."""
        return ConstantCoefficients(initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class PMTLFinetune(_PMTL):
    """PMTL over all weights, from the mean of the experts; keeps all models."""

    rays: Rays = 5
    steps: CountOrZero = 8000
    learning_rate: WeightRate = 1e-4
    chained: bool = False

    def decoder(self, view: ProblemView) -> Decoder:
        """Return all weights."""
        return ConstantWeights(initial=1 / len(view.tasks))
