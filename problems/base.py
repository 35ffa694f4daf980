"""What a problem is: tasks, anchors, experts, and the two doors to its data."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NotApplicableError
from .experts import ExpertPool
from .predictor import Head, Layer

Split = Literal["calibration", "validation", "test"]
Quantity = Literal["accuracy", "loss"]
"""The raw metric of a problem's tasks: an accuracy, or a loss where examples have no right answer.
"""
Report = Callable[[str], None]
"""Receives one line at every stage of long work."""


class Finding(NamedTuple):
    """What a preflight looked at, whether it is as it must be, and what was found."""

    what: str
    ok: bool
    found: str


@final
@dataclass(frozen=True, kw_only=True)
class Batch:
    """A mini-batch of every task, fused: `inputs` `(B, ...)` and one slice of it a task.

    `labels[t]` belongs to `inputs[segments[t]]`; an unlabelled batch has no labels.
    """

    inputs: Tensor
    segments: tuple[slice, ...]
    labels: tuple[Tensor, ...] | None

    def __len__(self) -> int:
        return len(self.inputs)


@final
@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A model measured on a split: per task `value` (m,) raw metric, `loss` (m,), `n` (m,).

    The raw metric is an accuracy, or the loss itself on a problem of that quantity. `outcomes[t]`
    tells of each of the n examples whether it was right; empty with n = 0 where there are none.
    """

    value: NDArray[np.float64]
    loss: NDArray[np.float64]
    n: NDArray[np.int64]
    outcomes: tuple[NDArray[np.bool_], ...]

    @classmethod
    def per_task(cls, measurements: Sequence["Measurement"]) -> "Measurement":
        """Task i as the i-th of m measurements has it."""
        tasks = range(len(measurements))
        return cls(
            value=np.array([measurements[i].value[i] for i in tasks]),
            loss=np.array([measurements[i].loss[i] for i in tasks]),
            n=np.array([measurements[i].n[i] for i in tasks]),
            outcomes=tuple(measurements[i].outcomes[i] for i in tasks),
        )


@final
@dataclass(frozen=True, kw_only=True)
class Anchors:
    """What is known of a problem's own models on one split, rows in the order of the tasks.

    Attributes:
        pretrained: `(m,)` values of the base model.
        experts: `(m, m)`; entry `[i, j]` is expert i on task j.
        average: `(m,)` values of the simple average, or None where it was not measured.
        n: `(m,)` examples each value was measured on.
        pretrained_loss, experts_loss, average_loss: The same of the losses.
        quantity: What the values are.
    """

    pretrained: NDArray[np.float64]
    experts: NDArray[np.float64]
    average: NDArray[np.float64] | None
    pretrained_loss: NDArray[np.float64]
    experts_loss: NDArray[np.float64]
    average_loss: NDArray[np.float64] | None
    n: NDArray[np.int64]
    quantity: Quantity = "accuracy"

    @property
    def expert(self) -> NDArray[np.float64]:
        """`(m,)` value of each expert on its own task."""
        return np.diagonal(self.experts)

    @property
    def resolution(self) -> NDArray[np.float64]:
        """`(m,)` gain of the expert over the pretrained model, in its standard errors.

        An error is taken to be one example at least, so that a perfect expert has a resolution.
        Infinite where the test is exact: a loss known without examples, n = 0.
        """
        if self.quantity == "loss":
            return np.full(len(self.n), np.inf)
        return resolution(self.pretrained, self.expert, self.n)

    def objectives(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normalised objectives g of values `(..., m)`: 0 at the expert, 1 at the base; minimise.

        g = (expert - value) / (expert - pretrained), task by task.
        """
        return (self.expert - value) / (self.expert - self.pretrained)


def resolution(
    pretrained: NDArray[np.float64], expert: NDArray[np.float64], n: NDArray[np.int64]
) -> NDArray[np.float64]:
    """`(m,)` gain in accuracy of experts, in standard errors of the expert on n examples.

    The error is at least one example, so that a perfect expert has a finite resolution.
    """
    error = np.maximum(np.sqrt(expert * (1 - expert) / n), 1 / n)
    return (expert - pretrained) / error


class Oracle(ABC):
    """The uncounted mathematics of a problem on the splits it holds."""

    @abstractmethod
    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        """The examples with these row indices, one index tensor a task, fused."""

    @abstractmethod
    def length(self, split: Split) -> list[int]:
        """Number of examples of each task on a split."""

    @abstractmethod
    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean loss of each task on a labelled batch; differentiable in `params` `(P,)`."""

    @abstractmethod
    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean prediction entropy of each task, in nats; needs no labels."""

    def task_losses(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """As `losses`, of these tasks only and of named parameters; differentiable in each."""
        return self.losses(_flat(named), batch)[list(tasks)]

    def task_entropies(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """As `entropies`, of these tasks only and of named parameters; differentiable in each."""
        return self.entropies(_flat(named), batch)[list(tasks)]

    def logits(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> list[Tensor]:
        """`(B_t, C_t)` logits of the examples of each of these tasks; needs no labels.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def features(
        self,
        named: Mapping[str, Tensor],
        batch: Batch,
        tasks: Sequence[int],
        layer: Layer | None = None,
    ) -> list[Tensor]:
        """`(B_t, H)` features, what heads look at, of the examples of each of these tasks.

        Args:
            named: Parameters, by name; differentiable in each.
            batch: Needs no labels.
            tasks: Which.
            layer: What linear layers compute, if not what they do in a plain model.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def heads(self) -> tuple[Head, ...]:
        """The frozen linear heads of the tasks.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def split_features(
        self,
        params: Tensor,
        split: Split,
        layer: Layer | None = None,
        examples: int | None = None,
    ) -> list[Tensor]:
        """`(n_t, H)` features of the first `examples` (all if None) of every task of a split.

        In float32 and without gradient; `layer` as in `features`.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def judge(self, logits: Sequence[Tensor], split: Split) -> Measurement:
        """What `measure` says of a model with these `(n_t, C_t)` logits for a split's examples.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def classes(self) -> tuple[int, ...]:
        """How many classes each task predicts a distribution over.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        raise NotApplicableError("the tasks have losses, no predicted distributions")

    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        """`(d_in, d_in)` Gram matrix X^T X of the inputs X of every linear layer, by weight name.

        Of the examples of one task, all their positions; float32, without gradient.

        Raises:
            NotApplicableError: If the model has no linear layers.
        """
        raise NotApplicableError("the model has no linear layers")

    @abstractmethod
    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        """The model on the first `examples` (all if None) of every task of a split."""

    @abstractmethod
    def forwards(self, split: Split, examples: int | None = None) -> int:
        """Forward passes that `measure` takes: tasks on the same inputs share theirs."""


def _flat(named: Mapping[str, Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in named.values()])


class Problem(ABC):
    """A stateless description of a fusion problem; data and weights are loaded by its doors."""

    tasks: tuple[str, ...]

    def preflight(self) -> Iterator[Finding]:
        """What the problem needs and whether it is here, found without loading anything heavy."""
        yield Finding("nothing needed", True, "all ships with fusefront")

    def prepare(self, report: Report) -> None:  # noqa: B027 - most problems need nothing made
        """Make what other doors need and is not there yet: train, convert, measure, and cache it.

        Called once, before anything else, by the process that plans the runs. Work is kept stage
        by stage, so that an interrupted preparation goes on from there.

        Raises:
            MissingDataError: If something it cannot make is missing; the message says how to get
                it. The problem is then left out with that reason.
        """

    def true_front(self) -> NDArray[np.float64] | None:
        """`(k, m)` objectives g of the true Pareto front where it is known, else None."""
        return None

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Hypervolume of the true front up to (ref, ..., ref), in g, where it is known."""
        return None

    @abstractmethod
    def hash(self) -> str:
        """Hex digest that changes with anything that changes results: weights, data, anchors."""

    @abstractmethod
    def anchors(self, split: Split) -> Anchors:
        """The problem's own models on a split."""

    @abstractmethod
    def pool(self) -> ExpertPool:
        """The experts, one a task, in the order of the tasks."""

    @abstractmethod
    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The mathematics on these splits only; what is not asked for is not inside."""
