"""One run, from its specification to its record: load, rehearse, fit, score."""

import dataclasses
import time
import traceback
import zlib
from dataclasses import dataclass
from signal import SIG_IGN, SIGINT, getsignal
from typing import Any, Final, final

import numpy as np
import torch

from ...algorithms import ALGORITHMS
from ...algorithms.base import Algorithm
from ...algorithms.pareto_set import ParetoSet
from ...containment import contained
from ...errors import BudgetExhausted, NotApplicableError, PluginResultError
from ...plugins import beside
from ...problems.base import Oracle, Problem
from ...problems.budget import PEAK_BYTES, Budget
from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ...results.files.record import (
    FrontRow,
    OutcomeRow,
    PointRow,
    Record,
    TraceRow,
    pack_outcomes,
)
from ..score.measure import ScoredPoint, anytime_utility, score
from ..score.preferences import scoring_preferences
from ..study.identity import derive_seed
from ..study.study import PROTOCOL_VERSION, RunSpec
from . import provenance
from .labels import check_labels
from .meters import EnergyMeter, FlopCounter, PeakMemory, peak_rss

REHEARSED: Final = ("steps", "points", "generations")
"""Hyper-parameters that count iterations: more of them take time, but not more memory."""
REPETITIONS: Final = 4
"""Number of iterations of a rehearsal. Adam allocates its state in the first step and a loop
reaches its peak in the second; the others are a margin."""

_ALLOCATION: Final = "can't allocate memory"
"""Part of the message of torch's RuntimeError for a failed allocation, which has no class."""


def fingerprint(pool: ExpertPool) -> tuple[int, ...]:
    """Return checksums of the pretrained model and of the task vectors."""
    tensors = (pool.pretrained, *pool.task_vectors)
    return tuple(zlib.crc32(t.contiguous().view(torch.uint8).numpy().data) for t in tensors)


@final
@dataclass(kw_only=True)
class _Run:
    """A run in progress. If it fails, its record keeps the measurements made before."""

    spec: RunSpec
    facts: dict[str, Any]
    _rehearsed: tuple[int, int] = (0, 0)

    def execute(self) -> None:
        """Run all phases, filling `facts`."""
        clock = time.perf_counter()
        problem = self.spec.problem.load()
        algorithm: Algorithm = self.spec.algorithm.load(ALGORITHMS)
        visible = problem.oracle(frozenset({"calibration", "validation"}))
        pool = problem.pool()
        self.facts["load_seconds"] = time.perf_counter() - clock
        before = fingerprint(pool)
        # Memory and operations are measured in a rehearsal of their own: meters slow a fit down.
        self._rehearse(algorithm, self._view(problem, visible, pool))
        view = self._view(problem, visible, pool)
        pareto_set = self._fit(algorithm, view)
        if fingerprint(pool) != before:
            raise PluginResultError(
                "`fit` must not modify the experts. Found them changed afterwards. Work on copies "
                "(`view.experts.pretrained.clone()`)."
            )
        clock = time.perf_counter()
        self._score(problem, pareto_set)
        self._trace(problem, visible, view, pareto_set)
        self.facts["score_seconds"] = time.perf_counter() - clock

    def _view(self, problem: Problem, oracle: Oracle, pool: ExpertPool) -> ProblemView:
        spec = self.spec
        return ProblemView(
            tasks=problem.tasks,
            experts=pool,
            oracle=oracle,
            anchors=problem.anchors("validation"),
            budget=Budget(units=spec.budget, caps=spec.caps),
            data_seed=derive_seed(spec.root_seed, spec.problem.name, spec.seed, "data"),
            precision=spec.precision,
            test=problem.oracle(frozenset({"test"})) if self._is_transductive() else None,
        )

    def _is_transductive(self) -> bool:
        return self.spec.algorithm.entry(ALGORITHMS).labels.get("track") == "transductive"

    def _generator(self) -> torch.Generator:
        # A new generator at each call: a rehearsal must not advance the one of the fit.
        spec = self.spec
        path = (spec.root_seed, spec.problem.name, spec.algorithm.name, spec.seed, "fit")
        return torch.Generator().manual_seed(derive_seed(*path))

    def _rehearse(self, algorithm: Algorithm, view: ProblemView) -> None:
        """Measure the peak memory of the same fit with few iterations."""
        clock = time.perf_counter()
        cut = {
            field.name: min(getattr(algorithm, field.name), REPETITIONS)
            for field in dataclasses.fields(algorithm)
            if field.name in REHEARSED and isinstance(getattr(algorithm, field.name), int)
        }
        algorithm = dataclasses.replace(algorithm, **cut)
        # Copies that the protocol keeps for its traces are not memory of the fit.
        view.milestone = lambda pareto_set: None  # type: ignore[method-assign]
        memory, counter = PeakMemory(), FlopCounter()
        try:
            with counter, memory:
                algorithm.fit(view, generator=self._generator())
        except BudgetExhausted:
            pass  # the fit itself will end at the same point, with the same peak
        self.facts["peak_bytes"] = view.experts.nbytes + memory.peak_bytes
        self._rehearsed = (counter.flops, view.budget.ledger.units)
        self.facts["rehearsal_seconds"] = time.perf_counter() - clock
        cap = self.spec.caps.get(PEAK_BYTES, float("inf"))
        if self.facts["peak_bytes"] > cap:
            raise NotApplicableError(
                f"The peak memory of a fit must be at most {cap:,} bytes (`caps.{PEAK_BYTES}`). "
                f"Found {self.facts['peak_bytes']:,} in its rehearsal."
            )

    def _fit(self, algorithm: Algorithm, view: ProblemView) -> ParetoSet:
        energy, clock = EnergyMeter(), time.perf_counter()
        try:
            pareto_set: object = algorithm.fit(view, generator=self._generator())
        except BudgetExhausted:
            pareto_set = view.pareto_set_so_far()
            if pareto_set is None:
                raise
        finally:  # the costs of a fit that failed are recorded, too
            self.facts["wall_seconds"] = time.perf_counter() - clock
            self.facts["energy_joules"] = energy.joules()
            self.facts["rss_bytes"] = peak_rss()
            self.facts["flops"] = self._flops(view.budget.ledger.units)
            self.facts |= view.budget.ledger.as_dict()
            self.facts["traces"] = [TraceRow(*row) for row in view.traces]
        if not isinstance(pareto_set, ParetoSet):
            raise PluginResultError(
                "`fit` must return a ParetoSet: a ConstantSet, FiniteSet or MapSet. "
                f"Found {type(pareto_set).__name__}."
            )
        entry = self.spec.algorithm.entry(ALGORITHMS)
        check_labels(entry.name, entry.labels, view.budget.ledger)
        self.facts["output"] = pareto_set.output
        self.facts["trainable_parameters"] = pareto_set.trainable_parameters
        self.facts["storage_bytes"] = pareto_set.storage_bytes()
        return pareto_set

    def _flops(self, units: int) -> int:
        """Return the operations of the rehearsal, scaled to the units of the fit.

        This is an estimate: the two may differ in how forward and backward passes mix.
        """
        flops, rehearsed = self._rehearsed
        return round(flops * units / rehearsed) if rehearsed and units else flops

    def _score(self, problem: Problem, pareto_set: ParetoSet) -> None:
        preferences = scoring_preferences(len(problem.tasks))
        scored = score(pareto_set, problem.oracle(frozenset({"test"})), "test", preferences)
        anchors = problem.anchors("test")
        original = pareto_set.experts.original
        self.facts["inference_passes"] = float(np.mean([s.passes for s in scored]))
        self.facts["points"] = [_point_row(i, s, original) for i, s in enumerate(scored)]
        for i, s in enumerate(scored):
            measured = s.measurement
            if not (np.isfinite(measured.loss).all() and np.isfinite(measured.value).all()):
                raise PluginResultError(
                    f"Every returned model must give finite losses. Found {measured.loss.tolist()} "
                    f"at preference {s.preference.tolist()}."
                )
            columns = zip(
                problem.tasks,
                measured.value.tolist(),
                measured.loss.tolist(),
                anchors.objectives(measured.value).tolist(),
                measured.n.tolist(),
                strict=True,
            )
            self.facts.setdefault("fronts", []).extend(FrontRow(i, *row) for row in columns)
            outcomes = zip(problem.tasks, measured.outcomes, strict=True)
            self.facts.setdefault("outcomes", []).extend(
                OutcomeRow(i, task, len(right), pack_outcomes(right)) for task, right in outcomes
            )

    def _trace(
        self, problem: Problem, oracle: Oracle, view: ProblemView, pareto_set: ParetoSet
    ) -> None:
        """Trace the expected utility of the milestones and the final set on validation data."""
        stages = [(m.units, m.wall_seconds, m.pareto_set) for m in view.milestones]
        stages.append((view.budget.ledger.units, self.facts["wall_seconds"], pareto_set))
        for units, seconds, stage in stages:
            if not isinstance(stage, ParetoSet):
                raise PluginResultError(
                    "The function given to `view.milestone` must return a ParetoSet. "
                    f"Found {type(stage).__name__}."
                )
            utility = anytime_utility(stage, oracle, problem.anchors("validation"))
            row = TraceRow(units, seconds, "validation_expected_utility", utility)
            self.facts["traces"].append(row)


def _point_row(index: int, scored: ScoredPoint, original: bool) -> PointRow:
    """Return the row of a point, with coefficients if they refer to the problem's own experts."""
    preference = scored.preference.tolist()
    point = scored.coefficients
    if not original or point is None:
        return PointRow(index, preference, "weights")
    flat = point.values.double().flatten().tolist()
    return PointRow(index, preference, point.space, flat, list(point.values.shape))


def compute(spec: RunSpec, problem_hash: str) -> Record:
    """Compute a run and return its record: done, skipped or failed."""
    # One thread per run: parallel runs do not compete, and sums have one order on every machine.
    torch.set_num_threads(1)
    arithmetic: dict[str, str] = {"fit": spec.precision}
    if spec.caps:
        arithmetic["caps"] = ", ".join(f"{key}={value:.15g}" for key, value in spec.caps.items())
    started = {"started": provenance.now(), "versions": provenance.versions(**arithmetic)}
    under_way = _Run(spec=spec, facts=started)
    try:
        with contained(), beside(spec.problem.plugin), beside(spec.algorithm.file):
            under_way.execute()
        outcome: dict[str, Any] = {"status": "done"}
    except NotApplicableError as reason:
        outcome = {"status": "skipped", "reason": str(reason)}
    except KeyboardInterrupt as error:
        if getsignal(SIGINT) is not SIG_IGN:
            raise  # it may be the user's own
        outcome = failure(error)  # workers ignore interrupts, so the fit raised it
    except BaseException as error:  # a plug-in may call sys.exit
        outcome = failure(error)
    return make_record(spec, problem_hash, under_way.facts | outcome)


def failure(error: BaseException) -> dict[str, Any]:
    """Return the facts of a failed run; every kind of memory exhaustion gets one error class."""
    out_of_memory = isinstance(error, MemoryError) or _ALLOCATION in str(error)
    return {
        "status": "failed",
        "error_class": "OutOfMemory" if out_of_memory else type(error).__name__,
        "error_message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
        "fronts": [],
        "points": [],
        "outcomes": [],
    }


def make_record(spec: RunSpec, problem_hash: str, facts: dict[str, Any]) -> Record:
    """Return the record of a run: its identity, its provenance, and these facts."""
    identity: dict[str, Any] = {
        "run_id": spec.run_id,
        "problem": spec.problem.name,
        "algorithm": spec.algorithm.name,
        "parameters": spec.resolved,
        "display_name": spec.algorithm.display_name,
        "seed": spec.seed,
        "root_seed": spec.root_seed,
        "budget_units": spec.budget,
        "problem_hash": problem_hash,
        "protocol_version": PROTOCOL_VERSION,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "threads": 1,
        "device": "cuda" if spec.resources.gpus else "cpu",
    }
    return Record(**identity | facts)
