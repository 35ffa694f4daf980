"""The interface of problems: tasks, anchors, experts, and oracles that hold the data."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NotApplicableError
from .experts import ExpertPool
from .hold_out import check_not_held_out
from .predictor import Head, Layer

Split = Literal["calibration", "validation", "test"]
Quantity = Literal["accuracy", "loss"]
"""The raw metric of a problem's tasks: an accuracy, or a loss if examples have no correct class."""
Report = Callable[[str], None]
"""Receives one line after every stage of long work."""


class Finding(NamedTuple):
    """One check of a preflight: its subject, whether it passed, and what was found."""

    what: str
    ok: bool
    found: str


@final
@dataclass(frozen=True, kw_only=True)
class Batch:
    """A mini-batch of all tasks in one tensor: `inputs` `(B, ...)`, and one slice of it per task.

    `labels[t]` belongs to `inputs[segments[t]]`; it is None in an unlabelled batch.
    """

    inputs: Tensor
    segments: tuple[slice, ...]
    labels: tuple[Tensor, ...] | None

    def __len__(self) -> int:
        return len(self.inputs)


@final
@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A model measured on a split.

    Attributes:
        value: `(m,)` raw metric of each task: its accuracy, or its loss if that is the quantity.
        loss: `(m,)` mean losses.
        n: `(m,)` numbers of examples; 0 if the loss is known exactly.
        outcomes: For each task `(n,)`, whether each example was classified correctly.
        predictions: For each task `(n,)`, the class predicted for each example; None if none are.
        calibration_error: `(m,)` expected calibration errors; None without classes.
    """

    value: NDArray[np.float64]
    loss: NDArray[np.float64]
    n: NDArray[np.int64]
    outcomes: tuple[NDArray[np.bool_], ...]
    predictions: tuple[NDArray[np.int64], ...] | None = None
    calibration_error: NDArray[np.float64] | None = None

    @classmethod
    def per_task(cls, measurements: Sequence["Measurement"]) -> "Measurement":
        """Combine m measurements into one: task i is taken from the i-th."""
        parts = list(enumerate(measurements))
        predictions = [one.predictions[i] for i, one in parts if one.predictions is not None]
        errors = [one.calibration_error[i] for i, one in parts if one.calibration_error is not None]
        return cls(
            value=np.array([one.value[i] for i, one in parts]),
            loss=np.array([one.loss[i] for i, one in parts]),
            n=np.array([one.n[i] for i, one in parts]),
            outcomes=tuple(one.outcomes[i] for i, one in parts),
            predictions=tuple(predictions) if len(predictions) == len(parts) else None,
            calibration_error=np.array(errors) if len(errors) == len(parts) else None,
        )


@final
@dataclass(frozen=True, kw_only=True)
class Anchors:
    """Values of a problem's own models on one split, in the order of the tasks.

    Attributes:
        pretrained: `(m,)` values of the pretrained model.
        experts: `(m, m)`; entry `[i, j]` is the value of expert i on task j.
        average: `(m,)` values of the simple average, or None if it was not measured.
        n: `(m,)` numbers of examples that the values were measured on.
        pretrained_loss, experts_loss, average_loss: The losses of the same models.
        quantity: The raw metric of the values.
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
        """`(m,)` gain of each expert over the pretrained model, in the expert's standard errors.

        Infinite if the test is exact, that is, if losses are known without examples.
        """
        if self.quantity == "loss":
            return np.full(len(self.n), np.inf)
        return resolution(self.pretrained, self.expert, self.n)

    def objectives(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normalised objectives g of values `(..., m)`; minimised.

        g = (expert - value) / (expert - pretrained): 0 at the expert, 1 at the pretrained model.
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
    """The mathematics of a problem on the splits it holds; calls are not counted here.

    Tasks have losses and nothing else. `DistributionOracle` is for tasks that predict classes.
    """

    @abstractmethod
    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        """The examples with these row indices, one index tensor per task, as one batch."""

    @abstractmethod
    def length(self, split: Split) -> list[int]:
        """Number of examples of each task on a split."""

    @abstractmethod
    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean loss of each task on a labelled batch; differentiable in `params` `(P,)`."""

    def task_losses(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """Same as `losses`, but for the given tasks, from named parameters; differentiable."""
        flat = torch.cat([tensor.reshape(-1) for tensor in named.values()])
        return self.losses(flat, batch)[list(tasks)]

    @abstractmethod
    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        """Measure a model on the first `examples` (all if None) of every task of a split."""

    @abstractmethod
    def forwards(self, split: Split, examples: int | None = None) -> int:
        """Number of forward passes of `measure`; tasks on the same inputs share theirs."""


class DistributionOracle(Oracle):
    """An oracle whose tasks predict distributions over classes, with linear heads on features."""

    @abstractmethod
    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean prediction entropy of each task, in nats; needs no labels."""

    @abstractmethod
    def task_entropies(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """Same as `entropies`, but for the given tasks and of named parameters."""

    @abstractmethod
    def logits(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> list[Tensor]:
        """`(B_t, C_t)` logits of the examples of each given task; needs no labels."""

    @abstractmethod
    def features(
        self,
        named: Mapping[str, Tensor],
        batch: Batch,
        tasks: Sequence[int],
        layer: Layer | None = None,
    ) -> list[Tensor]:
        """`(B_t, H)` features, the inputs of the heads, of the examples of each given task.

        Args:
            named: Parameters by name; differentiable in each.
            batch: Needs no labels.
            tasks: Indices of the tasks.
            layer: Replaces the computation of linear layers.
        """

    @abstractmethod
    def heads(self) -> tuple[Head, ...]:
        """The frozen linear head of each task."""

    @abstractmethod
    def classes(self) -> tuple[int, ...]:
        """Number of classes of each task."""

    @abstractmethod
    def split_features(
        self,
        params: Tensor,
        split: Split,
        layer: Layer | None = None,
        examples: int | None = None,
    ) -> list[Tensor]:
        """`(n_t, H)` features of the first `examples` (all if None) of every task of a split.

        They are in float32 and without gradient; `layer` is as in `features`.
        """

    @abstractmethod
    def judge(self, logits: Sequence[Tensor], split: Split) -> Measurement:
        """Measure `(n_t, C_t)` logits for a split's examples, as `measure` does with a model."""

    @abstractmethod
    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        """`(d_in, d_in)` Gram matrix X^T X of the inputs X of every linear layer, by weight name.

        X has a row for every position of every example of the task; float32, without gradient.
        """


def distributions(oracle: Oracle) -> DistributionOracle:
    """Return the oracle itself if its tasks predict distributions.

    Raises:
        NotApplicableError: If the tasks have only losses.
    """
    if not isinstance(oracle, DistributionOracle):
        raise NotApplicableError(
            "The tasks must predict distributions over classes. Found tasks that have only "
            "losses. Choose an algorithm that needs only losses, or another problem."
        )
    return oracle


class Problem(ABC):
    """A stateless description of a fusion problem; `pool` and `oracle` load weights and data.

    While a fit is under way, `anchors` and `oracle` refuse the split `test`, in every subclass.
    """

    tasks: tuple[str, ...]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in ("anchors", "oracle"):
            if name in cls.__dict__:
                setattr(cls, name, _without_test_in_fits(cls.__dict__[name]))

    def preflight(self) -> Iterator[Finding]:
        """Check whether everything that the problem needs is present, loading nothing heavy."""
        yield Finding("requirements", True, "none; everything ships with fusefront")

    def prepare(self, report: Report) -> None:  # noqa: B027 - most problems need nothing made
        """Train, convert, measure and cache what the other methods need and what is missing.

        Called once, before the other methods, by the process that plans the runs. The result of
        every stage is cached, so that an interrupted preparation resumes.

        Raises:
            MissingDataError: If something is missing that cannot be created; the message says how
                to get it. Runs of the problem are then skipped with that reason.
        """

    def true_front(self) -> NDArray[np.float64] | None:
        """`(k, m)` objectives g of the true Pareto front, or None if it is not known."""
        return None

    def maximal_hypervolume(self, ref: float) -> float | None:
        """Hypervolume of the true front up to (ref, ..., ref), in g; None if it is not known."""
        return None

    @abstractmethod
    def hash(self) -> str:
        """Hex digest of everything that decides results: weights, data, anchors."""

    @abstractmethod
    def anchors(self, split: Split) -> Anchors:
        """Return the results of the problem's own models on a split."""

    @abstractmethod
    def pool(self) -> ExpertPool:
        """The pretrained model and one expert per task, in the order of the tasks."""

    @abstractmethod
    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The oracle of the given splits; it cannot reach any other split."""


def _without_test_in_fits(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `anchors` or `oracle`, whose argument is a split or a set of splits."""

    @wraps(method)
    def checked(self: Problem, *split: Any, **named: Any) -> Any:
        if any("test" in found for found in (*split, *named.values())):
            check_not_held_out("the test split")
        return method(self, *split, **named)

    return checked
