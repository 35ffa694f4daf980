"""Predictors: Pareto-set points that cost more at inference than one plain model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .experts import Coefficients

Head = tuple[Tensor, Tensor]
"""`(C, H)` weight and `(C,)` bias of a task's frozen linear head."""

Layer = Callable[[str, Tensor, Tensor, Tensor | None], Tensor]
"""Computes a linear layer: weight name, input `(B, ..., d_in)`, weight `(d_out, d_in)` and bias to
output `(B, ..., d_out)`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictor(ABC):
    """Several models side by side, or a model whose layers depend on the input.

    It is not one parameter vector, so its cost at inference is counted in `passes`. Subclasses are
    frozen dataclasses of plain values, tensors, models and pools, so that they can be stored.

    Attributes:
        models: The K models that every input passes through.
    """

    models: tuple[Coefficients | Tensor, ...]

    @property
    @abstractmethod
    def passes(self) -> float:
        """Cost of one input, in forward passes of one model."""

    @property
    @abstractmethod
    def stored_bytes(self) -> int:
        """Bytes that must be stored for inference."""

    @abstractmethod
    def layer(self) -> Layer | None:
        """The function that replaces linear layers during one pass; None for plain layers."""

    @abstractmethod
    def logits(self, features: Tensor, head: Head) -> Tensor:
        """`(B, C)` logits of a task from the `(K, B, H)` features of the models."""

    def tensors(self) -> Iterator[Tensor]:
        """Yield every tensor inside, also those of coefficients and of nested sequences."""
        for field in fields(self):
            yield from _tensors(getattr(self, field.name))


def predicted(
    predictor: Predictor, features: Sequence[Sequence[Tensor]], heads: Sequence[Head]
) -> list[Tensor]:
    """`(n_t, C_t)` logits of every task.

    Args:
        predictor: Combines the features.
        features: For each of its K models, an `(n_t, H)` tensor per task.
        heads: One head per task.
    """
    each = zip(*features, strict=True)
    return [
        predictor.logits(torch.stack(of_task), head)
        for of_task, head in zip(each, heads, strict=True)
    ]


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Coefficients):
        yield value.values
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            yield from _tensors(item)
