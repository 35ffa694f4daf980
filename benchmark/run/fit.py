"""One fit in this process: its problem without the test split, its rehearsal, its Pareto sets."""

import dataclasses
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, final

import numpy as np
import torch

from ...algorithms import ALGORITHMS
from ...algorithms.base import Algorithm
from ...algorithms.pareto_set import FiniteSet, ParetoSet, Point
from ...containment import contained
from ...errors import BudgetExhausted, NotApplicableError, PluginResultError
from ...plugins import beside
from ...problems.base import Oracle, Problem
from ...problems.budget import PEAK_BYTES, Budget
from ...problems.experts import ExpertPool
from ...problems.hold_out import held_out, not_held_out
from ...problems.view import ProblemView
from ...results.files.record import TraceRow
from ..score.points import check_finite_set, checked_point
from ..score.stages import Question, Stage
from ..study.identity import derive_seed
from ..study.study import RunSpec
from .labels import check_labels
from .meters import EnergyMeter, FlopCounter, PeakMemory, peak_rss

REHEARSED: Final = ("steps", "points", "generations")
"""Hyper-parameters that count iterations: more of them take time, but not more memory."""
REPETITIONS: Final = 4
"""Number of iterations of a rehearsal. Adam allocates its state in the first step and a loop
reaches its peak in the second; the others are a margin."""

Facts = dict[str, Any]
"""Columns of a run, by name."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Operations and units of a rehearsal; the operations of the fit are estimated from them."""

    flops: int
    units: int


@final
class Fit:
    """The fit of a run, which never opens the test split.

    Args:
        spec: The run.

    Attributes:
        facts: What was measured so far; complete even if a phase raised.
        stages: The milestones, and the final Pareto set as the last one.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.facts: Facts = {}
        self.stages: list[Stage] = []
        self._spec = spec
        self._sets: list[ParetoSet] = []

    def rehearse(self) -> Rehearsal:
        """Measure the peak memory and the operations of the same fit with few iterations.

        A rehearsal of its own, because meters slow a fit down.

        Raises:
            NotApplicableError: If the peak is above the cap on `peak_bytes`.
        """
        with self._opened() as (algorithm, view):
            clock = time.perf_counter()
            # Copies that the protocol keeps for its traces are not memory of the fit.
            view.milestone = lambda pareto_set: None  # type: ignore[method-assign]
            memory, counter = PeakMemory(), FlopCounter()
            try:
                with counter, memory:
                    _cut(algorithm).fit(view, generator=self._generator())
            except BudgetExhausted:
                pass  # the fit itself will end at the same point, with the same peak
            self.facts["peak_bytes"] = view.experts.nbytes + memory.peak_bytes
            self.facts["rehearsal_seconds"] = time.perf_counter() - clock
            self._check_peak()
            return Rehearsal(flops=counter.flops, units=view.budget.ledger.units)

    def _check_peak(self) -> None:
        cap = self._spec.caps.get(PEAK_BYTES, float("inf"))
        if self.facts["peak_bytes"] > cap:
            raise NotApplicableError(
                f"The peak memory of a fit must be at most {cap:,} bytes (`caps.{PEAK_BYTES}`). "
                f"Found {self.facts['peak_bytes']:,} in its rehearsal."
            )

    def fit(self, rehearsal: Rehearsal) -> None:
        """Fit the algorithm, close its view, and describe its stages.

        Raises:
            PluginResultError: If the fit broke a promise.
        """
        with self._opened() as (algorithm, view):
            pool = view.experts
            before = _checksums(pool)
            final = self._fit(algorithm, view, rehearsal)
            view.budget.close()
            if _checksums(pool) != before:
                raise PluginResultError(
                    "`fit` must not modify the experts. Found them changed afterwards. Work on "
                    "copies (`view.experts.pretrained.clone()`)."
                )
            for milestone in view.milestones:
                self._add_stage(milestone.units, milestone.wall_seconds, milestone.pareto_set)
            self._add_stage(view.budget.ledger.units, self.facts["wall_seconds"], final)

    def ask(self, stage: int, question: Question) -> tuple[Point, ExpertPool]:
        """Return a point of a stage, and the pool that its coefficients refer to.

        Args:
            stage: Its number.
            question: The number of a point of a finite set, else a preference `(m,)`.

        Raises:
            PluginResultError: If it is not a point, or the view was used to make it.
        """
        pareto_set = self._sets[stage]
        with self._in_its_surroundings():
            return checked_point(pareto_set, question), pareto_set.experts

    def _fit(self, algorithm: Algorithm, view: ProblemView, rehearsal: Rehearsal) -> object:
        energy, clock = EnergyMeter(), time.perf_counter()
        try:
            pareto_set: object = algorithm.fit(view, generator=self._generator())
        except BudgetExhausted:
            pareto_set = view.pareto_set_so_far()
            if pareto_set is None:
                raise
        finally:  # the costs of a fit that failed are recorded, too
            ledger = view.budget.ledger
            self.facts["wall_seconds"] = time.perf_counter() - clock
            self.facts["energy_joules"] = energy.joules()
            self.facts["rss_bytes"] = peak_rss()
            self.facts["flops"] = _scaled(rehearsal, ledger.units)
            self.facts |= ledger.as_dict()
            self.facts["traces"] = [TraceRow(*row) for row in view.traces]
        entry = self._spec.algorithm.entry(ALGORITHMS)
        check_labels(entry.name, entry.labels, ledger)
        return pareto_set

    def _add_stage(self, units: int, seconds: float, pareto_set: object) -> None:
        if not isinstance(pareto_set, ParetoSet):
            raise PluginResultError(
                "`fit`, and the function given to `view.milestone`, must return a ParetoSet: a "
                f"ConstantSet, FiniteSet or MapSet. Found {type(pareto_set).__name__}."
            )
        objectives = None
        if isinstance(pareto_set, FiniteSet):
            check_finite_set(pareto_set)
            objectives = np.asarray(pareto_set.objectives, dtype=np.float64)
        number = len(self._sets)
        self._sets.append(pareto_set)
        self.stages.append(
            Stage(number=number, units=units, wall_seconds=seconds, objectives=objectives)
        )
        self.facts["output"] = pareto_set.output
        self.facts["trainable_parameters"] = int(pareto_set.trainable_parameters)
        self.facts["storage_bytes"] = int(pareto_set.storage_bytes())

    @contextmanager
    def _in_its_surroundings(self) -> Iterator[None]:
        """Contain a plug-in, let it import its own files, and keep the test split away."""
        spec = self._spec
        with contained(), beside(spec.problem.plugin), beside(spec.algorithm.file), held_out():
            yield

    @contextmanager
    def _opened(self) -> Iterator[tuple[Algorithm, ProblemView]]:
        spec, clock = self._spec, time.perf_counter()
        with self._in_its_surroundings():
            problem = spec.problem.load()
            algorithm: Algorithm = spec.algorithm.load(ALGORITHMS)
            view = ProblemView(
                tasks=problem.tasks,
                experts=problem.pool(),
                oracle=problem.oracle(frozenset({"calibration", "validation"})),
                anchors=problem.anchors("validation"),
                budget=Budget(units=spec.budget, caps=spec.caps),
                data_seed=derive_seed(spec.root_seed, spec.problem.name, spec.seed, "data"),
                precision=spec.precision,
                test=self._transductive_test(problem),
            )
            self.facts["load_seconds"] = time.perf_counter() - clock
            yield algorithm, view

    def _transductive_test(self, problem: Problem) -> Oracle | None:
        entry = self._spec.algorithm.entry(ALGORITHMS)
        if entry.labels.get("track") != "transductive":
            return None
        with not_held_out():
            return problem.oracle(frozenset({"test"}))

    def _generator(self) -> torch.Generator:
        # A new generator at each call: a rehearsal must not advance the one of the fit.
        spec = self._spec
        path = (spec.root_seed, spec.problem.name, spec.algorithm.name, spec.seed, "fit")
        return torch.Generator().manual_seed(derive_seed(*path))


def _cut(algorithm: Algorithm) -> Algorithm:
    cut = {
        field.name: min(getattr(algorithm, field.name), REPETITIONS)
        for field in dataclasses.fields(algorithm)
        if field.name in REHEARSED and isinstance(getattr(algorithm, field.name), int)
    }
    return dataclasses.replace(algorithm, **cut)


def _checksums(pool: ExpertPool) -> tuple[int, ...]:
    """Return checksums of the pretrained model and of the task vectors."""
    tensors = (pool.pretrained, *pool.task_vectors)
    return tuple(zlib.crc32(t.contiguous().view(torch.uint8).numpy().data) for t in tensors)


def _scaled(rehearsal: Rehearsal, units: int) -> int:
    """Return the operations of the rehearsal, scaled to the units of the fit.

    This is an estimate: the two may differ in how forward and backward passes mix.
    """
    if rehearsal.units and units:
        return round(rehearsal.flops * units / rehearsal.units)
    return rehearsal.flops
