"""Predictors: what answers inputs at more than the price of one plain model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .experts import Coefficients

Head = tuple[Tensor, Tensor]
"""`(C, H)` weight and `(C,)` bias of a task's frozen linear head."""

Layer = Callable[[str, Tensor, Tensor, Tensor | None], Tensor]
"""From a linear layer's weight name, input `(B, ..., d_in)`, weight `(d_out, d_in)` and bias to its
output `(B, ..., d_out)`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictor(ABC):
    """Models run side by side, or a model whose layers look at the input.

    It cannot be handed over as one parameter vector: its price at inference is `passes`. Subclasses
    are frozen dataclasses of plain values, tensors, models and pools, so that they can be stored.

    Attributes:
        models: The K models that every input passes through.
    """

    models: tuple[Coefficients | Tensor, ...]

    @property
    @abstractmethod
    def passes(self) -> float:
        """Price of an input, in forward passes of one model."""

    @property
    @abstractmethod
    def stored_bytes(self) -> int:
        """Bytes that must be kept to predict."""

    @abstractmethod
    def layer(self) -> Layer | None:
        """What linear layers compute during one pass; None if what they do in a plain model."""

    @abstractmethod
    def logits(self, features: Tensor, head: Head) -> Tensor:
        """`(B, C)` logits of a task from the `(K, B, H)` features of the models."""

    @property
    def differentiable(self) -> bool:
        """Whether anything inside asks for a gradient."""
        return any(_asks(getattr(self, field.name)) for field in fields(self))


def predicted(
    predictor: Predictor, features: Sequence[Sequence[Tensor]], heads: Sequence[Head]
) -> list[Tensor]:
    """`(n_t, C_t)` logits of every task.

    Args:
        predictor: Combines.
        features: Of each of its K models a `(n_t, H)` tensor a task.
        heads: One a task.
    """
    each = zip(*features, strict=True)
    return [
        predictor.logits(torch.stack(of_task), head)
        for of_task, head in zip(each, heads, strict=True)
    ]


def _asks(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.requires_grad
    if isinstance(value, Coefficients):
        return value.values.requires_grad
    return isinstance(value, Iterable) and not isinstance(value, str) and any(map(_asks, value))
