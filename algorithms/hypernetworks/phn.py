"""Preference hypernetworks over merging coefficients."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ..pareto_set import Model
from ..training.decoder import Decoder, Parameters
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Concentration, Initial, NetworkRate, Width
from .trunk import BlockHypernetwork, perceptron, start_perceptron


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceHypernetwork(MapAlgorithm):
    """One network from [p, block embedding] to the block's merging coefficients.

    Source: Navon et al. 2021, with merging coefficients in place of all weights.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-3 and 3e-3 by validation on `digits-left-right` and `digits-mnist-neg180` at
            100,000 units.
        width: Hidden units of each trunk layer.
        initial: Initial value of every coefficient.
    """

    learning_rate: NetworkRate = 3e-3
    concentration: Concentration = 0.2
    width: Width = 64
    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one trunk for all blocks."""
        return BlockHypernetwork(width=self.width, initial=self.initial)


@final
@dataclass(frozen=True, kw_only=True)
class TaskHypernetwork(Decoder):
    """A perceptron p -> coefficients, m -> width -> width -> T with ReLU and unbounded output.

    Args:
        width: Hidden units of each layer.
        initial: Initial value of every coefficient, for every preference.
    """

    width: int = 64
    initial: float = 0.3

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Weight and bias of the three layers."""
        widths = [experts.tasks, self.width, self.width, len(experts)]
        *inner, bias = start_perceptron(widths, generator)
        return [*inner, torch.full_like(bias, self.initial)]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Coefficients `(T,)`."""
        return Coefficients(values=perceptron(parameters, preference))


@final
@dataclass(frozen=True, kw_only=True)
class TaskPreferenceHypernetwork(MapAlgorithm):
    """One network from the preference to one merging coefficient per task.

    Source: Navon et al. 2021, with merging coefficients in place of all weights.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-3 and 1e-2 by validation on `digits-left-right` and `digits-mnist-neg180` at
            20,000 units.
        width: Hidden units of each layer.
        initial: Initial value of every coefficient.
    """

    learning_rate: NetworkRate = 1e-2
    concentration: Concentration = 0.2
    width: Width = 64
    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """Return the perceptron."""
        return TaskHypernetwork(width=self.width, initial=self.initial)
