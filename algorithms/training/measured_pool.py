"""Models measured on validation one after another, and the finite set of them."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc
from torch import Tensor

from ...problems.base import Measurement
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..pareto_set import FiniteSet, Model


@final
class MeasuredPool:
    """The models that an algorithm has measured so far, which after each one are a milestone.

    Args:
        view: The problem.
        trainable_parameters: Number of parameters that the algorithm adjusts.
    """

    def __init__(self, view: ProblemView, *, trainable_parameters: int) -> None:
        self.points: list[Model] = []
        self._objectives: list[NDArray[np.float64]] = []
        self._view = view
        self._trainable_parameters = trainable_parameters

    def add_anchors(self) -> None:
        """Add the pretrained model and the experts, whose validation values are free.

        In a pool of altered task vectors, only the pretrained model is known.
        """
        anchors = self._view.anchors
        if not self._view.experts.original:
            self.points.append(Coefficients(values=torch.zeros(len(self._view.experts))))
            self._objectives.append(anchors.objectives(anchors.pretrained))
            self._view.milestone(self.pareto_set)
            return
        corners = torch.eye(len(self._view.tasks))
        self.points += [
            Coefficients(values=row) for row in (torch.zeros_like(corners[0]), *corners)
        ]
        self._objectives += [anchors.objectives(v) for v in (anchors.pretrained, *anchors.experts)]
        self._view.milestone(self.pareto_set)

    def measure(self, point: Model, *, examples: int | None = None) -> Measurement:
        """Measure a model on validation, or on the first `examples` of each task, and add it."""
        measurement = self._view.evaluate(point, examples=examples)
        self._objectives.append(self._view.anchors.objectives(measurement.value))
        self.points.append(point)
        self._view.milestone(self.pareto_set)
        return measurement

    def pareto_set(self) -> FiniteSet:
        """Return the models so far, with the common selector."""
        return FiniteSet(
            experts=self._view.experts,
            points=tuple(self.points),
            objectives=np.vstack(self._objectives),
            trainable_parameters=self._trainable_parameters,
        )


def sobol(dimensions: int, count: int, generator: torch.Generator) -> Tensor:
    """`(count, dimensions)` scrambled Sobol points in the unit box, float32.

    Source: Sobol 1967; scrambling of Owen 1998 (scipy's linear matrix scramble with a shift).
    """
    # scipy takes only NumPy's generators. Seeding one from the run's keeps one source of
    # randomness.
    seed = int(torch.randint(2**31, (1,), generator=generator))
    sampler = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    # Sobol points are balanced only in powers of two; a prefix of one stays well spread.
    power = max(0, (count - 1).bit_length())
    return torch.from_numpy(sampler.random_base2(power)[:count]).to(torch.float32)
