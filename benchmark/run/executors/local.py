"""The local executor: one process a run, at most so many at once, isolated crashes."""

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
from .base import DISK_FAULT, Ended, Executor, Loss, Place
from .gpus import Gpus

_BENCHMARK: Final = __package__.removesuffix(".run.executors")
PRELOADED: Final = (f"{_BENCHMARK}.run.worker", f"{_BENCHMARK}.cli", f"{_BENCHMARK}.api")
"""What runs need, and what the program that started them imports, as each worker does again."""

_KILLED_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGBUS, signal.SIGHUP})


@final
@dataclass(frozen=True, kw_only=True)
class _Worker:
    process: BaseProcess
    spec: RunSpec
    deadline: float


@final
class LocalExecutor(Executor):
    """Processes of this machine, each with one thread.

    Args:
        place: Of the study.
        jobs: Processes at once.
    """

    def __init__(self, place: Place, jobs: int) -> None:
        self._place = place
        self._jobs = jobs
        self._context = _context()
        self._workers: dict[int, _Worker] = {}
        self._gpus = Gpus()

    @property
    def free(self) -> int:
        """Processes that are not busy."""
        return self._jobs - len(self._workers)

    @property
    def running(self) -> Sequence[RunSpec]:
        """A run a process."""
        return [worker.spec for worker in self._workers.values()]

    def check(self, gpus: int) -> None:
        """Against the GPUs of this machine."""
        self._gpus.check(gpus)

    def fits(self, spec: RunSpec) -> bool:
        """Whether so many GPUs are not another run's."""
        return self._gpus.free(spec.resources.gpus)

    def start(self, spec: RunSpec) -> None:
        """In a process of its own."""
        problem_hash = self._place.problem_hashes[spec.problem]
        environment = self._gpus.take(spec.run_id, spec.resources.gpus)
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]
            target=_work,
            args=(spec, problem_hash, self._place.directory, environment),
            daemon=True,
        )
        process.start()
        seconds = spec.resources.timeout_seconds
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._workers[process.sentinel] = _Worker(process=process, spec=spec, deadline=deadline)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Runs whose process ended, or was ended since it took too long."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while self._workers:
            first = min([until, *(worker.deadline for worker in self._workers.values())])
            left = None if first == float("inf") else max(0.0, first - time.monotonic())
            ready = wait(list(self._workers), timeout=left)
            ended = [self._reap(sentinel) for sentinel in ready if isinstance(sentinel, int)]
            ended += [self._end(s) for s, w in list(self._workers.items()) if _is_late(w)]
            if ended or time.monotonic() >= until:
                return ended
        return []

    def close(self) -> None:
        """End all processes."""
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
            check_writable(self._place.directory)  # tells what is wrong with it
            message = "The worker could not write its part, though the directory is writable now."
            return Ended(spec=worker.spec, loss=_lost(message, of_machine=True))
        path = part_path(self._place.directory, worker.spec.run_id)
        if code == 0 and path.exists():
            return Ended(spec=worker.spec, loss=None)
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = " Signal 9 is often the system's answer to too little memory." if code == -9 else ""
        message = f"The worker process ended by {cause} before its part was written.{hint}"
        return Ended(
            spec=worker.spec, loss=_lost(message, of_machine=-code in _KILLED_FROM_OUTSIDE)
        )

    def _removed(self, sentinel: int) -> _Worker:
        worker = self._workers.pop(sentinel)
        self._gpus.give_back(worker.spec.run_id)
        return worker

    def _end(self, sentinel: int) -> Ended:
        """End a run whose time is over. The process gets no chance to object."""
        worker = self._removed(sentinel)
        worker.process.kill()
        worker.process.join()
        message = (
            f"The run must end within {worker.spec.resources.timeout_seconds:g} seconds "
            "(`timeout_seconds`). It was stopped. Allow it more, or cap `wall_seconds`, which ends "
            "a fit with what it has."
        )
        return Ended(
            spec=worker.spec,
            loss=Loss(error_class="TimedOut", message=message, of_machine=False),
        )


def _is_late(worker: _Worker) -> bool:
    return time.monotonic() >= worker.deadline


def _lost(message: str, *, of_machine: bool) -> Loss:
    return Loss(error_class="WorkerLost", message=message, of_machine=of_machine)


def _context() -> BaseContext:
    """A fork server that has the heavy imports done; spawn where there is none (Windows)."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    prepare()
    return context


def prepare() -> None:
    """Start the fork server, which imports what runs need while the head does other things.

    It starts with interrupts blocked: only the head hears the keyboard's. A mask outlives the start
    of a program, unlike a handler; an interrupt that comes meanwhile is delivered afterwards.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver, resource_tracker

    forkserver.set_forkserver_preload(list(PRELOADED))
    resource_tracker.ensure_running()  # else the server does, which ends the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    spec: RunSpec, problem_hash: str, directory: Path, environment: Mapping[str, str]
) -> None:
    os.environ |= environment
    from ..worker import work  # the head never imports what workers need

    work(spec, problem_hash, directory)
