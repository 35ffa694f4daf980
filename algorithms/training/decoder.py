"""Decoders: from trainable parameters and a preference to a model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from ...problems.experts import Coefficients, ExpertPool
from ...problems.layout import Space
from ..pareto_set import PreferenceMap, Single

Parameters = Sequence[Tensor]
"""The trainable tensors of a decoder."""

Needs = Literal["experts", "model", "nothing"]
"""Kinds of storage that a map needs besides its parameters: experts, a model merged from them, or
nothing."""


class Decoder(ABC):
    """The trained parameters and the models that they give, independently of how they are trained.

    Subclasses are frozen dataclasses of plain values, so that a decoder and its parameters can be
    stored. A decoder that ignores the preference stands for a single model.

    Attributes:
        needs: What must be stored besides the parameters.
    """

    needs: ClassVar[Needs] = "experts"

    @abstractmethod
    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Return the parameters before training, float32 without gradients."""

    @abstractmethod
    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Single:
        """Return the model for a preference `(m,)`, differentiable in the parameters."""

    def diagnostics(self, parameters: Parameters) -> dict[str, float]:
        """Return numbers that show whether a training works, by name; they are logged."""
        return {}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedMap(PreferenceMap):
    """A decoder with its trained parameters: a function from a preference `(m,)` to a model."""

    decoder: Decoder
    experts: ExpertPool
    parameters: tuple[Tensor, ...]

    @classmethod
    def copy(cls, decoder: Decoder, experts: ExpertPool, parameters: Parameters) -> "TrainedMap":
        """Return a map with a copy of the parameters, which training may change later."""
        return cls(
            decoder=decoder,
            experts=experts,
            parameters=tuple(p.detach().clone() for p in parameters),
        )

    def __call__(self, preference: Tensor) -> Single:
        """The model for a preference."""
        return self.decoder.decode(self.experts, self.parameters, preference)

    @property
    def size(self) -> int:
        """Number of trained parameters."""
        return sum(p.numel() for p in self.parameters)

    @property
    def nbytes(self) -> int:
        """Bytes of the trained parameters."""
        return sum(p.nbytes for p in self.parameters)


@final
@dataclass(frozen=True, kw_only=True)
class ConstantCoefficients(Decoder):
    """Merging coefficients themselves, the same for every preference.

    Args:
        space: Their granularity.
        initial: Initial value of every coefficient.
    """

    space: Space = "task"
    initial: float = 0.3

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """One tensor, `(m,)` in space `task`, else `(G, m)`."""
        m = len(experts)
        if self.space == "task":
            return [torch.full((m,), self.initial)]
        return [torch.full((len(experts.layout.groups(self.space).names), m), self.initial)]

    def decode(
        self, experts: ExpertPool, parameters: Parameters, preference: Tensor
    ) -> Coefficients:
        """The coefficients."""
        return Coefficients(values=parameters[0], space=self.space)


@final
@dataclass(frozen=True, kw_only=True)
class ConstantWeights(Decoder):
    """All weights of a model themselves, the same for every preference.

    Args:
        initial: Coefficient of every task vector in the model that training starts from.
    """

    initial: float = 0.0

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """One tensor `(P,)`."""
        return [experts.merge(Coefficients(values=torch.full((len(experts),), self.initial)))]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Tensor:
        """The weights."""
        return parameters[0]
