"""The view of a problem that a fit gets: experts and data, with every call charged."""

import copy
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NotApplicableError
from . import outputs
from .base import Anchors, Batch, DistributionOracle, Measurement, Oracle, distributions
from .budget import Budget, Precision
from .experts import Coefficients, ExpertPool
from .gradients import jacobian_at, values_at
from .metering import FORWARD, FORWARD_BACKWARD, Meter, check_plain, counted
from .milestones import Milestone, Milestones
from .predictor import Predictor, predicted
from .sampling import Draws, FirstRows

LARGE: Final = 4_000_000
"""Number of parameters above which activation memory matters more than the overhead of a pass."""


class _TaskValues(Protocol):
    def __call__(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor: ...


@final
class ProblemView:
    """A problem as an algorithm sees it.

    It has no access to the test split. Every loss, merge and evaluation is charged to `budget`,
    which ends the fit by raising `BudgetExhausted` before a call that would exceed its cap.

    Args:
        tasks: m task names.
        experts: The pool; its T = m experts are in the order of the tasks.
        oracle: The mathematics of the problem on calibration and validation data.
        anchors: Validation results of the pretrained model, experts and average; free to use.
        budget: The ledger and its caps.
        data_seed: Seed of the order of examples; the same for all algorithms with one seed.
        precision: Precision of forward and backward passes; validation is always in float32.
        test: The test split, whose inputs are available to algorithms of the transductive track;
            None for all others.
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
        self.traces: list[tuple[int, float, str, float]] = []
        self._oracle = oracle
        self._meter = Meter(budget, precision)
        self._test = test
        lengths = oracle.length("calibration")
        self._labelled = Draws(lengths, data_seed, budget, "labelled_examples")
        self._unlabelled = Draws(lengths, data_seed, budget, "unlabelled_examples")
        on_test = test.length("test") if test else ()
        self._on_test = Draws(on_test, data_seed, budget, "unlabelled_examples")
        self._validated = FirstRows(oracle.length("validation"))
        self._cache: dict[tuple[bytes, int | None], Measurement] = {}
        self._milestones = Milestones()
        self._start = time.perf_counter()

    @property
    def milestones(self) -> list[Milestone]:
        """The Pareto sets kept so far, at fixed fractions of the budget."""
        return self._milestones.kept

    @property
    def classes(self) -> tuple[int, ...]:
        """Number of classes of each task.

        Raises:
            NotApplicableError: If the tasks do not predict distributions.
        """
        return self._distributions.classes()

    @property
    def task_by_task(self) -> bool:
        """Whether a step should pass the tasks through the network one after another.

        This costs the same number of units and keeps the activations of one task at a time. For
        small networks, one pass over all tasks is faster.
        """
        return self.experts.layout.size >= LARGE

    def over(self, experts: ExpertPool) -> "ProblemView":
        """Return a view of the same problem, budget and milestones, with another pool."""
        view = copy.copy(self)
        view.experts = experts
        view._cache = {}
        return view

    def batches(self, size: int, *, labelled: bool = True) -> Iterator[Batch]:
        """Yield calibration batches of `size` examples per task forever, reshuffled every epoch.

        The order depends only on the seed of the run: every algorithm and every call sees the same
        stream of examples of each task, for any batch size. This removes the order of the data
        from the differences between algorithms.
        """
        for rows in (self._labelled if labelled else self._unlabelled).rows(size):
            yield self._oracle.batch("calibration", rows, labelled=labelled)

    def transductive_batches(self, size: int) -> Iterator[Batch]:
        """Same as `batches`, but from the inputs of the test split and never labelled.

        Raises:
            NotApplicableError: If the algorithm is not labelled `track=transductive`.
        """
        if self._test is None:
            raise NotApplicableError(
                "An algorithm must be labelled `track=transductive` to use test inputs. "
                "Found the label `inductive`. Use `batches`, or change the label."
            )
        for rows in self._on_test.rows(size):
            yield self._test.batch("test", rows, labelled=False)

    def affordable_steps(self, size: int, *, evaluations: int = 0) -> float:
        """Number of gradient steps on batches of `size` per task that the budget still covers.

        The cost of `evaluations` full evaluations on validation is reserved first.
        """
        left = self.budget.remaining - evaluations * self._oracle.forwards("validation")
        steps = left / (FORWARD_BACKWARD * size * len(self.tasks))
        return _whole(min(steps, self.budget.left("gradient_steps")))

    def affordable_evaluations(self, examples: int | None = None) -> float:
        """Number of evaluations on validation that the budget still covers."""
        evaluations = self.budget.remaining / self._oracle.forwards("validation", examples)
        return _whole(min(evaluations, self.budget.left("validation_evaluations")))

    def merge(self, coefficients: Coefficients) -> Tensor:
        """`(P,)` parameters of a merge, differentiable; counts as one model build."""
        self.budget.charge(0, model_builds=1)
        return self.experts.merge(coefficients)

    def losses(self, point: Coefficients | Tensor | Predictor, batch: Batch) -> Tensor:
        """`(m,)` mean loss of each task; costs 3 units per example with gradient, else 1.

        Args:
            point: Coefficients, `(P,)` parameters or a predictor; differentiable in all of them.
                For coefficients no gradient of size P is formed. A predictor costs `passes` times
                as much.
            batch: A labelled batch.
        """
        if isinstance(point, Predictor):
            tasks = range(len(self.tasks))
            return self._predicted(
                point, batch, lambda logits: outputs.cross_entropies(logits, batch, tasks)
            )
        return self._values(point, batch, self._oracle.task_losses)

    def entropies(self, point: Coefficients | Tensor | Predictor, batch: Batch) -> Tensor:
        """`(m,)` mean prediction entropy of each task in nats; costs the same as `losses`.

        Raises:
            NotApplicableError: If the tasks do not predict distributions.
        """
        if isinstance(point, Predictor):
            return self._predicted(point, batch, outputs.entropies)
        return self._values(point, batch, self._distributions.task_entropies)

    def loss_jacobian(self, point: Coefficients | Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """`(m,)` losses and the gradient of each, at the cost of one backward pass.

        Gradients have shape `(m, *values.shape)` for coefficients and `(m, P)` for parameters.
        """
        return self._jacobian(point, batch, self._oracle.task_losses)

    def entropy_jacobian(self, point: Coefficients | Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Same as `loss_jacobian`, but of the entropies."""
        return self._jacobian(point, batch, self._distributions.task_entropies)

    def logits(self, params: Tensor, batch: Batch, task: int) -> Tensor:
        """`(B_t, C_t)` logits of one task's examples; costs the same as `losses` of them.

        Raises:
            NotApplicableError: If the tasks do not predict distributions.
        """
        oracle = self._distributions
        charge = self._meter.charge_part(batch, task, params)
        with self._meter.arithmetic():
            found = oracle.logits(self.experts.layout.unflatten(params), batch, [task])[0]
        return counted(found, charge)

    def features(self, params: Tensor, batch: Batch, task: int) -> Tensor:
        """`(B_t, H)` features of one task's examples, the inputs of its head; costs as `logits`.

        Raises:
            NotApplicableError: If the tasks do not predict distributions.
        """
        oracle = self._distributions
        charge = self._meter.charge_part(batch, task, params)
        with self._meter.arithmetic():
            found = oracle.features(self.experts.layout.unflatten(params), batch, [task])[0]
        return counted(found, charge)

    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        """Gram matrices `(d_in, d_in)` of the inputs of each linear layer, by weight name.

        Uses the examples of one task, at 1 unit per example.

        Raises:
            NotApplicableError: If the tasks do not predict distributions.
        """
        oracle = self._distributions
        self._meter.charge_part(batch, task, params.detach())
        return oracle.grams(params, batch, task)

    def evaluate(self, point: Coefficients | Tensor, *, examples: int | None = None) -> Measurement:
        """Measure a model on validation; coefficients that were measured before cost nothing.

        Args:
            point: Coefficients, or `(P,)` parameters.
            examples: Number of examples of each task, always the first ones; all if None.
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
        """`(m,)` objectives g on validation: 0 at the expert, 1 at the pretrained model."""
        return self.anchors.objectives(self.evaluate(point, examples=examples).value)

    def milestone(self, pareto_set: Callable[[], object]) -> None:
        """Offer the Pareto set that the fit would return now; call this after every step.

        The function is called at fixed fractions of the budget, and when the budget runs out. It
        must return a copy that later steps do not modify.
        """
        self._milestones.offer(pareto_set, self.budget, time.perf_counter() - self._start)

    def pareto_set_so_far(self) -> object | None:
        """Return the Pareto set of the last `milestone`, or None if there was none."""
        return self._milestones.latest()

    def checkpoint(self, answer: Callable[[], object]) -> None:
        """Deprecated name of `milestone`."""
        _deprecated("checkpoint", "milestone")
        self.milestone(answer)

    def answer_so_far(self) -> object | None:
        """Deprecated name of `pareto_set_so_far`."""
        _deprecated("answer_so_far", "pareto_set_so_far")
        return self.pareto_set_so_far()

    def log(self, metric: str, value: float) -> None:
        """Record a number of the fit (such as a loss) in the traces table."""
        seconds = time.perf_counter() - self._start
        self.traces.append((self.budget.ledger.units, seconds, str(metric), float(value)))

    def _measure(self, point: Coefficients | Tensor, examples: int | None) -> Measurement:
        check_plain(_leaf(point))
        forwards = self._oracle.forwards("validation", examples)
        with self._validated.read(examples) as labelled:
            self.budget.charge(
                FORWARD * forwards, validation_evaluations=1, labelled_examples=labelled
            )
        with torch.no_grad():
            params = self.merge(point) if isinstance(point, Coefficients) else point
        return self._oracle.measure(params, "validation", examples)

    def _values(self, point: Coefficients | Tensor, batch: Batch, of: _TaskValues) -> Tensor:
        tasks = range(len(self.tasks))
        charge = self._meter.charge(batch, 1, _leaf(point))
        with self._meter.arithmetic():
            if isinstance(point, Tensor):
                found = of(self.experts.layout.unflatten(point), batch, tasks)
            else:
                self.budget.charge(0, model_builds=1)
                found = values_at(self.experts, point, lambda named: of(named, batch, tasks))
        return counted(found, charge)

    def _predicted(
        self, predictor: Predictor, batch: Batch, of: Callable[[list[Tensor]], Tensor]
    ) -> Tensor:
        oracle = self._distributions
        charge = self._meter.charge(batch, predictor.passes, *predictor.tensors())
        unflatten, tasks = self.experts.layout.unflatten, range(len(self.tasks))
        with self._meter.arithmetic():
            features = [
                oracle.features(
                    unflatten(self.experts.build(model)), batch, tasks, predictor.layer()
                )
                for model in predictor.models
            ]
            found = of(predicted(predictor, features, oracle.heads()))
        return counted(found, charge)

    def _jacobian(
        self, point: Coefficients | Tensor, batch: Batch, of: _TaskValues
    ) -> tuple[Tensor, Tensor]:
        self._meter.charge_jacobian(batch, _leaf(point))
        if isinstance(point, Coefficients):
            self.budget.charge(0, model_builds=1)
        each = [partial(of, batch=batch, tasks=[task]) for task in range(len(self.tasks))]
        with self._meter.arithmetic():
            return jacobian_at(self.experts, point, each)

    @property
    def _distributions(self) -> DistributionOracle:
        return distributions(self._oracle)


def _leaf(point: Coefficients | Tensor) -> Tensor:
    return point.values if isinstance(point, Coefficients) else point


def _whole(count: float) -> float:
    """Round down, to at least 0; infinity stays infinite."""
    return count if math.isinf(count) else float(max(0, math.floor(count)))


def _deprecated(old: str, new: str) -> None:
    warnings.warn(
        f"`ProblemView.{old}` is now `ProblemView.{new}`.", DeprecationWarning, stacklevel=3
    )
