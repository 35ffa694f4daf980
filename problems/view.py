"""What a fit may touch: experts, calibration and validation data, every call metered."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NotApplicableError
from . import outputs
from .base import Anchors, Batch, Measurement, Oracle
from .budget import Budget, Precision
from .experts import Coefficients, ExpertPool
from .gradients import jacobian_at, values_at
from .predictor import Predictor, predicted
from .sampling import Draws

FORWARD: Final = 1
FORWARD_BACKWARD: Final = 3
LARGE: Final = 4_000_000
"""Parameters from which a network's activations matter more than the overhead of a pass."""
FRACTIONS: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Fractions of the budget at which a checkpoint is kept; the end is the last one."""


class _TaskValues(Protocol):
    def __call__(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor: ...


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
        precision: Of the fit's forward and backward passes; validation is measured in float32.
        test: The test split, of which only inputs are given out; None but in the transductive
            track, which is labelled as such.
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
        precision: Precision = "float32",
        test: Oracle | None = None,
    ) -> None:
        self.tasks = tasks
        self.experts = experts
        self.anchors = anchors
        self.budget = budget
        self.checkpoints: list[Checkpoint] = []
        self.traces: list[tuple[int, float, str, float]] = []
        self._oracle = oracle
        self._precision = precision
        self._test = test
        lengths = oracle.length("calibration")
        self._labelled = Draws(lengths, data_seed, budget, "labelled_examples")
        self._unlabelled = Draws(lengths, data_seed, budget, "unlabelled_examples")
        on_test = test.length("test") if test else ()
        self._on_test = Draws(on_test, data_seed, budget, "unlabelled_examples")
        self._cache: dict[tuple[bytes, int | None], Measurement] = {}
        self._progress = _Progress()
        self._start = time.perf_counter()

    @property
    def classes(self) -> tuple[int, ...]:
        """How many classes each task predicts a distribution over.

        Raises:
            NotApplicableError: If the tasks predict no distributions.
        """
        return self._oracle.classes()

    @property
    def task_by_task(self) -> bool:
        """Whether a step had better pass the tasks through the network one after another.

        It costs the same and keeps the activations of one task at a time. On small networks one
        pass over all of them is faster.
        """
        return self.experts.layout.size >= LARGE

    def over(self, experts: ExpertPool) -> "ProblemView":
        """The same problem, budget and answers so far, with coefficients of another pool."""
        view = copy.copy(self)
        view.experts = experts
        view._cache = {}
        return view

    def batches(self, size: int, *, labelled: bool = True) -> Iterator[Batch]:
        """Endless calibration batches of `size` examples of every task, reshuffled each epoch.

        The order depends on the repetition only: every algorithm, and every call, sees the same
        stream of examples of each task, whatever the size of its batches.
        """
        for rows in (self._labelled if labelled else self._unlabelled).rows(size):
            yield self._oracle.batch("calibration", rows, labelled=labelled)

    def transductive_batches(self, size: int) -> Iterator[Batch]:
        """As `batches`, of the test's inputs, never labelled: for the transductive track only.

        Raises:
            NotApplicableError: If the algorithm is not labelled `transductive`.
        """
        if self._test is None:
            raise NotApplicableError(
                "Only algorithms labelled `track=transductive` may look at test inputs. "
                "Found one labelled `inductive`. Use `batches`, or change the label."
            )
        for rows in self._on_test.rows(size):
            yield self._test.batch("test", rows, labelled=False)

    def affordable_steps(self, size: int, *, evaluations: int = 0) -> float:
        """Gradient steps on batches of `size` a task that the remaining budget covers.

        `evaluations` full validation evaluations are set aside first.
        """
        left = self.budget.remaining - evaluations * self._oracle.forwards("validation")
        steps = left / (FORWARD_BACKWARD * size * len(self.tasks))
        return _whole(min(steps, self.budget.left("gradient_steps")))

    def affordable_evaluations(self, examples: int | None = None) -> float:
        """Validation evaluations that the remaining budget covers."""
        evaluations = self.budget.remaining / self._oracle.forwards("validation", examples)
        return _whole(min(evaluations, self.budget.left("validation_evaluations")))

    def merge(self, coefficients: Coefficients) -> Tensor:
        """`(P,)` parameters of coefficients, differentiable; counts as one model build."""
        self.budget.charge(0, model_builds=1)
        return self.experts.merge(coefficients)

    def losses(self, point: Coefficients | Tensor | Predictor, batch: Batch) -> Tensor:
        """`(m,)` mean cross-entropy of each task; 3 units an example with gradient, else 1.

        Args:
            point: Coefficients, `(P,)` parameters or a predictor; differentiable in either. For
                coefficients no gradient of size P is formed. A predictor costs its `passes`.
            batch: A labelled one.
        """
        if isinstance(point, Predictor):
            return outputs.cross_entropies(
                self._predictions(point, batch), batch, range(len(self.tasks))
            )
        return self._values(point, batch, self._oracle.task_losses)

    def entropies(self, point: Coefficients | Tensor | Predictor, batch: Batch) -> Tensor:
        """`(m,)` mean prediction entropy of each task in nats; charged as `losses`."""
        if isinstance(point, Predictor):
            return outputs.entropies(self._predictions(point, batch))
        return self._values(point, batch, self._oracle.task_entropies)

    def loss_jacobian(self, point: Coefficients | Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """`(m,)` losses and the gradient of each, at the cost of one backward pass.

        Gradients are `(m, *values.shape)` of coefficients, or `(m, P)` of parameters.
        """
        return self._jacobian(point, batch, self._oracle.task_losses)

    def entropy_jacobian(self, point: Coefficients | Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """As `loss_jacobian`, of the entropies."""
        return self._jacobian(point, batch, self._oracle.task_entropies)

    def logits(self, params: Tensor, batch: Batch, task: int) -> Tensor:
        """`(B_t, C_t)` logits of one task's examples; charged for these only, as `losses`.

        Raises:
            NotApplicableError: If the task predicts no distribution.
        """
        segment = batch.segments[task]
        self._charge(params.requires_grad, segment.stop - segment.start)
        with self._fitting():
            return self._oracle.logits(self.experts.layout.unflatten(params), batch, [task])[0]

    def features(self, params: Tensor, batch: Batch, task: int) -> Tensor:
        """`(B_t, H)` features, what the head looks at, of one task's examples; as `logits`.

        Raises:
            NotApplicableError: If the task predicts no distribution.
        """
        segment = batch.segments[task]
        self._charge(params.requires_grad, segment.stop - segment.start)
        with self._fitting():
            return self._oracle.features(self.experts.layout.unflatten(params), batch, [task])[0]

    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        """Gram matrices `(d_in, d_in)` of the inputs of each linear layer, by weight name.

        Of one task's examples; 1 unit each.

        Raises:
            NotApplicableError: If the model has no linear layers.
        """
        segment = batch.segments[task]
        self.budget.charge(FORWARD * (segment.stop - segment.start))
        return self._oracle.grams(params, batch, task)

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
        progress = self._progress
        progress.answer = answer
        spent = self.budget.ledger.units
        passed = 0
        if self.budget.units is not None:
            passed = sum(spent >= fraction * self.budget.units for fraction in FRACTIONS)
        if passed > progress.fractions_passed:
            progress.fractions_passed = passed
            seconds = time.perf_counter() - self._start
            made = Checkpoint(units=spent, wall_seconds=seconds, answer=answer())
            self.checkpoints.append(made)

    def answer_so_far(self) -> object | None:
        """The answer of the last `checkpoint`, or None if there was none."""
        answer = self._progress.answer
        return None if answer is None else answer()

    def log(self, metric: str, value: float) -> None:
        """Keep a figure of the fit (a loss, a fit quality) in the traces table."""
        seconds = time.perf_counter() - self._start
        self.traces.append((self.budget.ledger.units, seconds, metric, value))

    def _measure(self, point: Coefficients | Tensor, examples: int | None) -> Measurement:
        forwards = self._oracle.forwards("validation", examples)
        self.budget.charge(FORWARD * forwards, validation_evaluations=1)
        with torch.no_grad():
            params = self.merge(point) if isinstance(point, Coefficients) else point
        return self._oracle.measure(params, "validation", examples)

    def _values(self, point: Coefficients | Tensor, batch: Batch, of: _TaskValues) -> Tensor:
        tasks = range(len(self.tasks))
        leaf = point.values if isinstance(point, Coefficients) else point
        self._charge(leaf.requires_grad, len(batch))
        with self._fitting():
            if isinstance(point, Tensor):
                return of(self.experts.layout.unflatten(point), batch, tasks)
            self.budget.charge(0, model_builds=1)
            return values_at(self.experts, point, lambda named: of(named, batch, tasks))

    def _predictions(self, predictor: Predictor, batch: Batch) -> list[Tensor]:
        heads = self._oracle.heads()
        self._charge(predictor.differentiable, math.ceil(predictor.passes * len(batch)))
        unflatten, tasks = self.experts.layout.unflatten, range(len(self.tasks))
        with self._fitting():
            features = [
                self._oracle.features(
                    unflatten(self.experts.build(model)), batch, tasks, predictor.layer()
                )
                for model in predictor.models
            ]
        return predicted(predictor, features, heads)

    def _jacobian(
        self, point: Coefficients | Tensor, batch: Batch, of: _TaskValues
    ) -> tuple[Tensor, Tensor]:
        builds = int(isinstance(point, Coefficients))
        self.budget.charge(FORWARD_BACKWARD * len(batch), gradient_steps=1, model_builds=builds)
        each = [partial(of, batch=batch, tasks=[task]) for task in range(len(self.tasks))]
        with self._fitting():
            return jacobian_at(self.experts, point, each)

    def _fitting(self) -> AbstractContextManager[object]:
        if self._precision == "float32":
            return nullcontext()
        return torch.autocast("cpu", torch.bfloat16)

    def _charge(self, differentiable: bool, examples: int) -> None:
        gradient = torch.is_grad_enabled() and differentiable
        units = (FORWARD_BACKWARD if gradient else FORWARD) * examples
        self.budget.charge(units, gradient_steps=int(gradient))


@final
@dataclass(kw_only=True)
class _Progress:
    """The answer so far, shared by all views of a fit."""

    answer: Callable[[], object] | None = None
    fractions_passed: int = 0


def _whole(count: float) -> float:
    """`count` rounded down, from 0 up; infinite stays infinite."""
    return count if math.isinf(count) else float(max(0, math.floor(count)))
