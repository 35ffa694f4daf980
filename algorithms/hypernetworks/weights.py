"""The preference hypernetwork that generates all weights, for small models."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, final

import torch
from torch import Tensor

from ...domains import Count, PositiveFloat
from ...errors import NotApplicableError
from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ...ranges import Choices, LogRange
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Concentration, Initial
from .trunk import perceptron, start_perceptron

MOST_PARAMETERS: Final = 40_000_000
"""Size of the largest hypernetwork: with gradients and Adam's moments it takes 640 MB."""


@final
@dataclass(frozen=True, kw_only=True)
class WeightHypernetwork(Decoder):
    """A perceptron p -> all P weights, m -> width -> width -> width -> P with ReLU.

    The last layer starts with task arithmetic as its bias and a weight of 0, so that every
    preference starts at task arithmetic.

    Args:
        width: Hidden units of each layer.
        initial: Every coefficient of the merge at the start.
    """

    needs: ClassVar[Needs] = "nothing"
    width: int = 100
    initial: float = 0.3

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Weight and bias of the four layers."""
        widths = [experts.tasks, self.width, self.width, self.width, experts.layout.size]
        *inner, _ = start_perceptron(widths, generator)
        arithmetic = torch.full((len(experts),), self.initial)
        return [*inner, experts.merge(Coefficients(values=arithmetic))]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        return perceptron(parameters, preference)


@final
@dataclass(frozen=True, kw_only=True)
class FullPreferenceHypernetwork(MapAlgorithm):
    """A hypernetwork that generates all weights, trained on sum_i p_i L_i: PHN as published.

    It has about `width` times the parameters of the model, and is refused if that is more than 40
    million. Layers and preferences follow the paper; the start at a merge instead of random weights
    is this project's, because every method here has the experts. Source: Navon et al. 2021,
    https://arxiv.org/abs/2010.04104.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-5 and 1e-4 by validation on `digits-left-right` and `digits-mnist-neg180` at
            20,000 units.
        width: Hidden units of each layer.
        initial: Coefficient of every task vector in the merge it starts from.
    """

    learning_rate: Annotated[PositiveFloat, LogRange(low=1e-6, high=1e-3)] = 1e-5
    concentration: Concentration = 0.2
    width: Annotated[Count, Choices(values=(50, 100, 200))] = 100
    initial: Initial = 0.3

    def decoder(self, view: ProblemView) -> Decoder:
        """The perceptron.

        Raises:
            NotApplicableError: If it would be larger than `MOST_PARAMETERS`.
        """
        parameters = (self.width + 1) * view.experts.layout.size
        if parameters > MOST_PARAMETERS:
            raise NotApplicableError(
                f"The model must have at most {MOST_PARAMETERS // (self.width + 1):,} parameters "
                f"for a hypernetwork that generates all. Found {view.experts.layout.size:,}. "
                "Use `phn-lora` or lower `width`."
            )
        return WeightHypernetwork(width=self.width, initial=self.initial)
