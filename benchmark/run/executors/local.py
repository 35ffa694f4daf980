"""The local executor: one process per run, so that a crash ends only its own run."""

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, final

from ....results.directory.parts import check_writable, part_path
from ...study.study import RunSpec
from . import DISK_FAULT, Ended, Executor, Gpus, Site, WorkerFailure

_BENCHMARK: Final = __package__.removesuffix(".run.executors")
PRELOADED: Final = (f"{_BENCHMARK}.run.worker", f"{_BENCHMARK}.cli", f"{_BENCHMARK}.api")
"""Modules that runs need, and those that the main program imports: workers import both."""

_KILLED_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGBUS, signal.SIGHUP})


@final
@dataclass(frozen=True, kw_only=True)
class _Worker:
    process: BaseProcess
    spec: RunSpec
    deadline: float


@final
class LocalExecutor(Executor):
    """Computes runs in processes of this machine, each with one thread.

    Args:
        site: Where parts go.
        jobs: Number of processes at once.
    """

    def __init__(self, site: Site, jobs: int) -> None:
        self._site = site
        self._jobs = jobs
        self._context = _context()
        self._workers: dict[int, _Worker] = {}
        self._gpus = Gpus()

    @property
    def free(self) -> int:
        """Number of further processes that may start."""
        return self._jobs - len(self._workers)

    @property
    def running(self) -> Sequence[RunSpec]:
        """The run of each process."""
        return [worker.spec for worker in self._workers.values()]

    def check(self, gpus: int) -> None:
        """Compare with the GPUs of this machine."""
        self._gpus.check(gpus)

    def fits(self, spec: RunSpec) -> bool:
        """Return whether the run's GPUs are free."""
        return self._gpus.free(spec.resources.gpus)

    def start(self, spec: RunSpec) -> None:
        """Start a process for the run."""
        problem_hash = self._site.problem_hashes[spec.problem.name]
        environment = self._gpus.take(spec.run_id, spec.resources.gpus)
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]
            target=_work,
            args=(spec, problem_hash, self._site.directory, environment),
            daemon=True,
        )
        process.start()
        seconds = spec.resources.timeout_seconds
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._workers[process.sentinel] = _Worker(process=process, spec=spec, deadline=deadline)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return runs whose process ended, or was killed because it exceeded its time limit."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while self._workers:
            first = min([until, *(worker.deadline for worker in self._workers.values())])
            left = None if first == float("inf") else max(0.0, first - time.monotonic())
            ready = wait(list(self._workers), timeout=left)
            ended = [self._reap(sentinel) for sentinel in ready if isinstance(sentinel, int)]
            ended += [self._kill(s) for s, w in list(self._workers.items()) if _is_late(w)]
            if ended or time.monotonic() >= until:
                return ended
        return []

    def close(self) -> None:
        """Terminate all processes."""
        for worker in self._workers.values():
            worker.process.terminate()
        for worker in self._workers.values():
            worker.process.join()
        self._workers.clear()

    def _reap(self, sentinel: int) -> Ended:
        worker = self._removed(sentinel)
        worker.process.join()
        code = worker.process.exitcode or 0
        if code == DISK_FAULT:
            check_writable(self._site.directory)  # raises an error that says what is wrong
            message = "The worker could not write its part, though the directory is writable now."
            return Ended(spec=worker.spec, failure=_lost(message, retryable=True))
        path = part_path(self._site.directory, worker.spec.run_id)
        if code == 0 and path.exists():
            return Ended(spec=worker.spec, failure=None)
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = " The system often sends signal 9 when memory runs out." if code == -9 else ""
        message = f"The worker process ended by {cause} before it wrote its part.{hint}"
        failure = _lost(message, retryable=-code in _KILLED_FROM_OUTSIDE)
        return Ended(spec=worker.spec, failure=failure)

    def _removed(self, sentinel: int) -> _Worker:
        worker = self._workers.pop(sentinel)
        self._gpus.give_back(worker.spec.run_id)
        return worker

    def _kill(self, sentinel: int) -> Ended:
        """Kill the process of a run that exceeded its time limit, which it cannot delay."""
        worker = self._removed(sentinel)
        worker.process.kill()
        worker.process.join()
        message = (
            f"The run must end within {worker.spec.resources.timeout_seconds:g} seconds "
            "(`timeout_seconds`). It was killed. Raise the limit, or cap `wall_seconds`, which "
            "ends a fit with the Pareto set it has found."
        )
        return Ended(
            spec=worker.spec,
            failure=WorkerFailure(error_class="TimedOut", message=message, retryable=False),
        )


def _is_late(worker: _Worker) -> bool:
    return time.monotonic() >= worker.deadline


def _lost(message: str, *, retryable: bool) -> WorkerFailure:
    return WorkerFailure(error_class="WorkerLost", message=message, retryable=retryable)


def _context() -> BaseContext:
    """Return a fork server that has done the heavy imports, or spawn on Windows, which has none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    prepare()
    return context


def prepare() -> None:
    """Start the fork server, which imports what runs need while the coordinator does other things.

    It starts with interrupts blocked: only the coordinator receives those of the keyboard. A signal
    mask survives the start of a program, unlike a handler. An interrupt that arrives meanwhile is
    delivered afterwards.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver, resource_tracker

    forkserver.set_forkserver_preload(list(PRELOADED))
    resource_tracker.ensure_running()  # otherwise the server starts it, which unblocks signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    spec: RunSpec, problem_hash: str, directory: Path, environment: Mapping[str, str]
) -> None:
    os.environ |= environment
    from ..worker import work  # the coordinator never imports what workers need

    work(spec, problem_hash, directory)
