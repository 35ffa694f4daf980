"""The hypernetwork over block coefficients, and the perceptron of all hypernetworks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

import torch
from torch import Tensor
from torch.nn import functional

from ...problems.experts import Coefficients, ExpertPool
from ..pareto_set import Model
from ..training.decoder import Decoder, Parameters


def start_perceptron(widths: Sequence[int], generator: torch.Generator) -> list[Tensor]:
    """Return weight and bias of each layer: N(0, 2 / inputs) and 0, but only 0 in the last one.

    At the start, an output is its last bias for every input.
    """
    *hidden, last = pairwise(widths)
    parameters = []
    for inputs, outputs in hidden:
        deviation = (2 / inputs) ** 0.5
        parameters.append(deviation * torch.randn(outputs, inputs, generator=generator))
        parameters.append(torch.zeros(outputs))
    inputs, outputs = last
    return [*parameters, torch.zeros(outputs, inputs), torch.zeros(outputs)]


def perceptron(parameters: Parameters, rows: Tensor) -> Tensor:
    """Return `(..., outputs)` for rows `(..., inputs)`, with ReLU between the layers."""
    *hidden, weight, bias = parameters
    for w, b in zip(hidden[::2], hidden[1::2], strict=True):
        rows = functional.relu(functional.linear(rows, w, b))
    return functional.linear(rows, weight, bias)


EMBEDDING: Final = 16
"""Length of the embedding of a block or a matrix, whose coefficients a trunk gives."""


@final
@dataclass(frozen=True, kw_only=True)
class BlockHypernetwork(Decoder):
    """[p, block embedding] -> the block's coefficients: (m + 16) -> width -> width -> T with ReLU.

    The last layer starts at 0, so that every preference starts at task arithmetic with `initial`.

    Args:
        width: Hidden units of each layer.
        initial: Initial value of every coefficient.
    """

    width: int = 64
    initial: float = 0.3

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Embeddings `(G, 16)`, then weight and bias of the three layers."""
        blocks = len(experts.layout.groups("block").names)
        embeddings = torch.randn(blocks, EMBEDDING, generator=generator)
        widths = [experts.tasks + EMBEDDING, self.width, self.width, len(experts)]
        *trunk, bias = start_perceptron(widths, generator)
        return [embeddings, *trunk, torch.full_like(bias, self.initial)]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Block coefficients `(G, T)`."""
        rows = with_preference(preference, parameters[0])
        return Coefficients(values=perceptron(parameters[1:], rows), space="block")


def with_preference(preference: Tensor, embeddings: Tensor) -> Tensor:
    """Return `(G, m + e)` rows [p, embedding]."""
    return torch.cat([preference.expand(len(embeddings), -1), embeddings], dim=1)
