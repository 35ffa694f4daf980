"""The local executor: processes of this machine, so that a crash ends only its own run."""

import os
import time
from collections.abc import Iterable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Final, final

from ....algorithms import ALGORITHMS
from ....entry import Entry
from ....errors import StoreError
from ...study.algorithm_spec import AlgorithmSpec
from ...study.problem_spec import ProblemSpec
from ...study.study import RunSpec, Study
from . import Ended, Executor, Gpus, Site, WorkerFailure
from .process import FOR_ALL, FOR_NETWORKS, FOR_TRAINING, Order, Reply, WorkerProcess

PEAK: Final = Path("/proc/self/clear_refs")
"""A process that writes 5 to this file of Linux resets its peak resident memory."""
_LARGE: Final = 2 << 30
"""Bytes of resident memory from which a process computes no further run."""


@final
class LocalExecutor(Executor):
    """Computes runs in processes of this machine, each with one thread.

    A process computes many runs, one after the other, as long as nothing can leak from one to the
    next: see `_may_share`.

    Args:
        site: Where parts go.
        jobs: Number of processes at once.
    """

    def __init__(self, site: Site, jobs: int) -> None:
        self._site = site
        self._jobs = jobs
        self._busy: list[WorkerProcess] = []
        self._idle: list[WorkerProcess] = []
        self._gpus = Gpus()

    @property
    def free(self) -> int:
        """Number of further runs that may start."""
        return self._jobs - len(self._busy)

    @property
    def running(self) -> Sequence[RunSpec]:
        """The run of each busy process."""
        return [worker.order.spec for worker in self._busy]

    def check(self, gpus: int) -> None:
        """Compare with the GPUs of this machine."""
        self._gpus.check(gpus)

    def fits(self, spec: RunSpec) -> bool:
        """Return whether the run's GPUs are free."""
        return self._gpus.free(spec.resources.gpus)

    def start(self, spec: RunSpec) -> None:
        """Give the run to an idle process, or start one."""
        order = Order(
            spec=spec,
            problem_hash=self._site.problem_hashes[spec.problem.name],
            directory=self._site.directory,
        )
        environment = self._gpus.take(spec.run_id, spec.resources.gpus)
        worker = self._reused(order)
        if worker is None:
            if len(self._busy) + len(self._idle) >= self._jobs:
                self._idle.pop(0).dismiss()
            worker = WorkerProcess(environment, _preload([spec.problem], [spec.algorithm]))
            worker.send(order)
        self._busy.append(worker)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return runs that ended, or whose process was killed because of its time limit."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while self._busy:
            first = min([until, *(worker.deadline for worker in self._busy)])
            left = None if first == float("inf") else max(0.0, first - time.monotonic())
            wait([waitable for worker in self._busy for waitable in worker.waitables], timeout=left)
            ready = [worker for worker in self._busy if worker.is_ready()]
            ended = [self._take_back(worker) for worker in ready]
            late = [worker for worker in self._busy if time.monotonic() >= worker.deadline]
            ended += [self._time_out(worker) for worker in late]
            if ended or time.monotonic() >= until:
                return ended
        return []

    def close(self) -> None:
        """Kill all processes."""
        for worker in (*self._busy, *self._idle):
            worker.kill()
        self._busy.clear()
        self._idle.clear()

    def _reused(self, order: Order) -> WorkerProcess | None:
        """Give the run to an idle process; return None if there is none that may compute it."""
        if not _may_share(order.spec):
            return None
        while self._idle:
            worker = self._idle.pop()
            if worker.is_ready():  # it ended, or the fork server did
                worker.kill()
                continue
            try:
                worker.send(order)
            except OSError:
                worker.kill()
                continue
            return worker
        return None

    def _take_back(self, worker: WorkerProcess) -> Ended:
        self._release(worker)
        spec, reply = worker.order.spec, worker.reply()
        if reply.disk_fault:
            raise StoreError(reply.disk_fault)
        if _is_reusable(reply) and _may_share(spec):
            self._idle.append(worker)
        elif reply.failure is None or not reply.failure.retryable:
            worker.dismiss()
        return Ended(spec=spec, failure=reply.failure)

    def _time_out(self, worker: WorkerProcess) -> Ended:
        self._release(worker)
        worker.kill()
        spec = worker.order.spec
        message = (
            f"The run must end within {spec.resources.timeout_seconds:g} seconds "
            "(`timeout_seconds`). It was killed. Raise the limit, or cap `wall_seconds`, which "
            "ends a fit with the Pareto set it has found."
        )
        failure = WorkerFailure(error_class="TimedOut", message=message, retryable=False)
        return Ended(spec=spec, failure=failure)

    def _release(self, worker: WorkerProcess) -> None:
        self._busy.remove(worker)
        self._gpus.give_back(worker.order.spec.run_id)


def _is_reusable(reply: Reply) -> bool:
    """Return whether the process may compute another run.

    After a failure it may be in any state, and one that has become large keeps data of problems
    that may not be needed any more.
    """
    return reply.status in {"done", "skipped"} and reply.resident_bytes < _LARGE


def _may_share(spec: RunSpec) -> bool:
    """Return whether a process may compute this run and others.

    Plug-ins may keep state in globals, GPUs are chosen before the first use of CUDA, a limit on
    memory would also count what earlier runs keep in caches, and without Linux's `clear_refs` the
    peak memory of a run would be that of an earlier one.
    """
    entries = (spec.algorithm.entry(ALGORITHMS), spec.problem.entry)
    limited = spec.resources.gpus or spec.resources.memory_bytes is not None
    return all(map(_is_built_in, entries)) and not limited and os.access(PEAK, os.W_OK)


def preloaded(study: Study) -> Sequence[str]:
    """Return what the fork server should import for a study.

    Every worker has three processes, so importing once what several of them need is faster.
    """
    resources = (study.resources.defaults, *study.resources.overrides.values())
    limited = any(r.get("gpus") or r.get("memory_bytes") for r in resources)
    return FOR_TRAINING if limited else _preload(study.problems, study.algorithms)


def _preload(problems: Iterable[ProblemSpec], algorithms: Iterable[AlgorithmSpec]) -> Sequence[str]:
    entries = [spec.entry(ALGORITHMS) for spec in algorithms]
    if not all(map(_is_built_in, entries)):
        return FOR_TRAINING
    if all(spec.entry.labels.get("modality") == "analytic" for spec in problems):
        return FOR_ALL
    trained = any(entry.labels.get("access") == "gradients" for entry in entries)
    return FOR_TRAINING if trained else FOR_NETWORKS


def _is_built_in(entry: Entry[Any]) -> bool:
    return isinstance(entry.target, str) and entry.file is None
