"""What a fit may touch: experts, calibration and validation data, every call metered."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .base import Anchors, Batch, Measurement, Oracle
from .budget import Budget
from .experts import Coefficients, ExpertPool

FORWARD: Final = 1
FORWARD_BACKWARD: Final = 3
FRACTIONS: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Fractions of the budget at which a checkpoint is kept; the end is the last one."""


@final
@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """An answer on the way: what it had cost and the answer itself."""

    units: int
    wall_seconds: float
    answer: object


@final
class ProblemView:
    """A problem as an algorithm sees it.

    The test split is not inside. Every loss, merge and evaluation is charged to `budget`, which
    ends the fit by raising `BudgetExhausted` when its cap would be crossed.

    Args:
        tasks: m task names.
        experts: The pool; its T = m experts are in the order of the tasks.
        oracle: Calibration and validation data behind the problem's mathematics.
        anchors: The problem's own models on the validation split; knowing them costs nothing.
        budget: Meter and cap.
        data_seed: Seed of the data order; the same for every algorithm of a repetition.
    """

    def __init__(
        self,
        *,
        tasks: tuple[str, ...],
        experts: ExpertPool,
        oracle: Oracle,
        anchors: Anchors,
        budget: Budget,
        data_seed: int,
    ) -> None:
        self.tasks = tasks
        self.experts = experts
        self.anchors = anchors
        self.budget = budget
        self.checkpoints: list[Checkpoint] = []
        self.traces: list[tuple[int, float, str, float]] = []
        self._oracle = oracle
        self._data_seed = data_seed
        self._seen = {
            labelled: [torch.zeros(n, dtype=torch.bool) for n in oracle.length("calibration")]
            for labelled in (True, False)
        }
        self._cache: dict[tuple[bytes, int | None], Measurement] = {}
        self._answer: Callable[[], object] | None = None
        self._fractions_passed = 0
        self._start = time.perf_counter()

    def batches(self, size: int, *, labelled: bool = True) -> Iterator[Batch]:
        """Endless calibration batches of `size` examples of every task, reshuffled each epoch.

        The order depends on the repetition only: every algorithm, and every call, sees the same
        stream of examples of each task, whatever the size of its batches.
        """
        root = torch.Generator().manual_seed(self._data_seed)
        streams = [_rows(n, size, _child(root)) for n in self._oracle.length("calibration")]
        while True:
            rows = [next(stream) for stream in streams]
            for seen, index in zip(self._seen[labelled], rows, strict=True):
                seen[index] = True
            ledger = self.budget.ledger
            ledger.labelled_examples = sum(int(s.sum()) for s in self._seen[True])
            ledger.unlabelled_examples = sum(int(s.sum()) for s in self._seen[False])
            yield self._oracle.batch("calibration", rows, labelled=labelled)

    def affordable_steps(self, size: int, *, evaluations: int = 0) -> float:
        """Gradient steps on batches of `size` a task that the remaining budget covers.

        `evaluations` full validation evaluations are set aside first.
        """
        left = self.budget.remaining - evaluations * self._oracle.forwards("validation")
        return _whole(left / (FORWARD_BACKWARD * size * len(self.tasks)))

    def affordable_evaluations(self, examples: int | None = None) -> float:
        """Validation evaluations that the remaining budget covers."""
        return _whole(self.budget.remaining / self._oracle.forwards("validation", examples))

    def merge(self, coefficients: Coefficients) -> Tensor:
        """`(P,)` parameters of coefficients, differentiable; counts as one model build."""
        self.budget.ledger.model_builds += 1
        return self.experts.merge(coefficients)

    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean cross-entropy of each task; 3 units an example with gradient, else 1."""
        self._charge(params, batch)
        return self._oracle.losses(params, batch)

    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean prediction entropy of each task in nats; charged as `losses`."""
        self._charge(params, batch)
        return self._oracle.entropies(params, batch)

    def evaluate(self, point: Coefficients | Tensor, *, examples: int | None = None) -> Measurement:
        """A model on validation; coefficients measured before are answered from memory, free.

        Args:
            point: Coefficients, or `(P,)` parameters.
            examples: Only the first so many of each task, the same for every call.
        """
        if not isinstance(point, Coefficients):
            return self._measure(point, examples)
        key = (point.key(), examples)
        if key not in self._cache:
            self._cache[key] = self._measure(point, examples)
        return self._cache[key]

    def objectives(
        self, point: Coefficients | Tensor, *, examples: int | None = None
    ) -> NDArray[np.float64]:
        """`(m,)` normalised validation objectives g: 0 at the expert, 1 at the base; minimise."""
        return self.anchors.objectives(self.evaluate(point, examples=examples).value)

    def checkpoint(self, answer: Callable[[], object]) -> None:
        """Say how to make the answer so far; called after every step.

        The answer is made at fixed fractions of the budget, and when the budget runs out. It must
        be a copy that later steps do not alter.
        """
        self._answer = answer
        spent = self.budget.ledger.units
        passed = 0
        if self.budget.units is not None:
            passed = sum(spent >= fraction * self.budget.units for fraction in FRACTIONS)
        if passed > self._fractions_passed:
            self._fractions_passed = passed
            seconds = time.perf_counter() - self._start
            made = Checkpoint(units=spent, wall_seconds=seconds, answer=answer())
            self.checkpoints.append(made)

    def answer_so_far(self) -> object | None:
        """The answer of the last `checkpoint`, or None if there was none."""
        return None if self._answer is None else self._answer()

    def log(self, metric: str, value: float) -> None:
        """Keep a figure of the fit (a loss, a fit quality) in the traces table."""
        seconds = time.perf_counter() - self._start
        self.traces.append((self.budget.ledger.units, seconds, metric, value))

    def _measure(self, point: Coefficients | Tensor, examples: int | None) -> Measurement:
        self.budget.charge(FORWARD * self._oracle.forwards("validation", examples))
        self.budget.ledger.validation_evaluations += 1
        with torch.no_grad():
            params = self.merge(point) if isinstance(point, Coefficients) else point
        return self._oracle.measure(params, "validation", examples)

    def _charge(self, params: Tensor, batch: Batch) -> None:
        gradient = torch.is_grad_enabled() and params.requires_grad
        self.budget.charge((FORWARD_BACKWARD if gradient else FORWARD) * len(batch))
        self.budget.ledger.gradient_steps += int(gradient)


def _whole(count: float) -> float:
    """`count` rounded down, from 0 up; infinite stays infinite."""
    return count if math.isinf(count) else float(max(0, math.floor(count)))


def _child(root: torch.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(torch.randint(2**31, (1,), generator=root)))


def _rows(n: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Endless index tensors of `size` rows of n: a new permutation each epoch, none left out."""
    pending = torch.randperm(n, generator=generator)
    while True:
        while len(pending) < size:
            pending = torch.cat([pending, torch.randperm(n, generator=generator)])
        yield pending[:size]
        pending = pending[size:]
