"""A worker: processes, started by the fork server, that compute the runs they are sent.

Three processes share the work. One scores and writes; two fit, and never open the test split: one
for rehearsals, so that nothing of theirs survives in a fit, and one for the fits themselves.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, final

import psutil

from ....errors import StudyError
from ...study.study import RunSpec
from . import WorkerFailure

_BENCHMARK: Final = __package__.removesuffix(".run.executors")
FOR_ALL: Final = (f"{_BENCHMARK}.run.worker", f"{_BENCHMARK}.cli", f"{_BENCHMARK}.api")
"""Modules that all runs need, and those that the main program imports: workers import both."""
FOR_NETWORKS: Final = (*FOR_ALL, "transformers.models.vit.modeling_vit")
"""Modules that the fork server imports if problems have networks."""
FOR_TRAINING: Final = (*FOR_ALL, f"{_BENCHMARK}.run.heavy")
"""Modules that it imports if algorithms train these, or each run has processes of its own."""

_KILLED_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGBUS, signal.SIGHUP})
_SERVER_DIED: Final = 255
"""Exit code that `multiprocessing` reports if the fork server died, which loses the true one."""
_SERVER_START: Final = 10.0
"""Seconds in which the fork server may be found dead and be replaced."""
_LAST_WORDS: Final = 5.0
"""Seconds that a process may take to end after it closed its connection."""


@final
@dataclass(frozen=True, kw_only=True)
class Order:
    """A run to compute."""

    spec: RunSpec
    problem_hash: str
    directory: Path


@final
@dataclass(frozen=True, kw_only=True)
class Reply:
    """The end of a run: the status in its part, or why there is no part.

    Attributes:
        status: The status of the run, whose part is written.
        failure: An error outside the algorithm's own code, such as a limit that cannot be set.
        disk_fault: The error of a part that could not be written.
        resident_bytes: Resident memory of the larger process: the scorer now, or the fit's peak.
    """

    status: str = ""
    resident_bytes: int = 0
    failure: WorkerFailure | None = None
    disk_fault: str = ""


@final
class WorkerProcess:
    """A process that computes one run at a time.

    Args:
        environment: Variables that are set before it does anything.
        preload: What the fork server imports, if it must be started first.

    Attributes:
        order: The run that it computes now or computed last.
        deadline: When it exceeds its time limit, by `time.monotonic`.
    """

    order: Order
    deadline: float

    def __init__(self, environment: Mapping[str, str], preload: Sequence[str]) -> None:
        self._connection, theirs = multiprocessing.Pipe()
        (rehearse, rehearsals), (fit, fits) = multiprocessing.Pipe(), multiprocessing.Pipe()
        try:
            self._processes = [
                _Process(_serve_fits, (rehearsals,), environment, preload),
                _Process(_serve_fits, (fits,), environment, preload),
                _Process(_serve, (theirs, rehearse, fit), environment, preload),
            ]
        finally:  # so that reading fails, rather than waits, once a process has ended
            for connection in (theirs, rehearse, rehearsals, fit, fits):
                connection.close()

    def send(self, order: Order) -> None:
        """Start to compute a run.

        Raises:
            OSError: If the process has ended.
        """
        seconds = order.spec.resources.timeout_seconds
        self.order = order
        self.deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._connection.send(order)

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of its processes: rehearsal, fit, scorer."""
        return tuple(process.pid for process in self._processes)

    @property
    def waitables(self) -> tuple[Connection | int, ...]:
        """The objects that become ready when the run or a process has ended.

        Both are needed: a reply does not end a process, and a child of a plug-in may keep the
        connection of a dead process open.
        """
        return self._connection, *(process.sentinel for process in self._processes)

    def is_ready(self) -> bool:
        """Return whether `reply` has an answer now."""
        return bool(wait(self.waitables, 0))

    def reply(self) -> Reply:
        """Return how the run ended. The processes are gone if it is a retryable failure."""
        try:
            if self._connection.poll():
                reply: Reply = self._connection.recv()
                return reply
        except (EOFError, OSError):
            pass
        return Reply(failure=self._death())

    def dismiss(self) -> None:
        """Let the processes end by themselves, without waiting for them."""
        self._connection.close()

    def kill(self) -> None:
        """Kill the processes, which they cannot delay."""
        self._connection.close()
        for process in self._processes:
            process.kill()

    def _death(self) -> WorkerFailure:
        """Describe why a process ended before the reply."""
        # If one dies, the others end by themselves, with exit code 0.
        codes = [process.exit_code() for process in self._processes if process.has_ended()]
        code = next(filter(None, codes), self._processes[-1].exit_code())
        self.kill()
        if code == _SERVER_DIED:
            return _lost("The process that starts the workers ended, and this worker with it", "")
        if code is None:
            return _lost("The worker process closed its connection before it wrote its part", "")
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = " The system often sends signal 9 when memory runs out." if code == -9 else ""
        retryable = -code in _KILLED_FROM_OUTSIDE
        return _lost(
            f"The worker process ended by {cause} before it wrote its part", hint, retryable
        )


@final
class _Process:
    """One process of a worker."""

    def __init__(
        self,
        target: Callable[..., None],
        connections: tuple[Connection, ...],
        environment: Mapping[str, str],
        preload: Sequence[str],
    ) -> None:
        self._process = _started(target, (environment, *connections), preload)
        self._handle: psutil.Process | None = None
        with suppress(psutil.NoSuchProcess):  # it has ended already
            self._handle = psutil.Process(self.pid)

    @property
    def pid(self) -> int:
        """Its id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def sentinel(self) -> int:
        """Ready when the process has ended."""
        return self._process.sentinel

    def has_ended(self) -> bool:
        """Return whether it has ended, perhaps a moment ago."""
        return bool(wait([self._process.sentinel], 0))

    def exit_code(self) -> int | None:
        """Return its exit code once it has ended; None if it does not."""
        self._process.join(_LAST_WORDS)
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it and wait for its end."""
        # Not through the fork server, which may be dead. psutil compares the start time, so that a
        # later process with the same id is never killed.
        if self._handle is not None:
            with suppress(psutil.Error):
                self._handle.kill()
        self._process.join()


def _lost(message: str, hint: str, retryable: bool = True) -> WorkerFailure:
    return WorkerFailure(error_class="WorkerLost", message=f"{message}.{hint}", retryable=retryable)


def _started(
    target: Callable[..., None], arguments: tuple[Any, ...], preload: Sequence[str]
) -> BaseProcess:
    """Start a process; if the fork server has died, start a new one first.

    The server shares its pages with all workers, so that it looks like the largest process, and a
    kernel without memory kills it first.
    """
    until = time.monotonic() + _SERVER_START
    while True:
        process: BaseProcess = _context(preload).Process(  # type: ignore[attr-defined]
            target=target, args=arguments, daemon=True
        )
        try:
            process.start()
        except (EOFError, OSError) as error:
            if time.monotonic() > until:
                raise StudyError(
                    f"A worker process must start. Found {type(error).__name__}: {error}. "
                    "Check the limits on processes and memory, or use `--executor inline`."
                ) from error
            time.sleep(0.1)  # a large process that was killed takes a while to end
        else:
            return process


def _context(preload: Sequence[str]) -> BaseContext:
    """Return a fork server that has done the imports, or spawn on Windows, which has none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    prepare(preload)
    return multiprocessing.get_context("forkserver")


def prepare(preload: Sequence[str]) -> None:
    """Start the fork server, which imports what runs need while the coordinator does other things.

    A server that runs already stays as it is.

    It starts with interrupts blocked: only the coordinator receives those of the keyboard. A signal
    mask survives the start of a program, unlike a handler. An interrupt that arrives meanwhile is
    delivered afterwards.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver, resource_tracker

    forkserver.set_forkserver_preload(list(preload))
    resource_tracker.ensure_running()  # otherwise the server starts it, which unblocks signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(environment: Mapping[str, str], *connections: Connection) -> None:
    os.environ |= environment
    from ..worker import work  # the coordinator never imports what workers need

    work(*connections)


def _serve_fits(environment: Mapping[str, str], calls: Connection) -> None:
    os.environ |= environment
    from ..worker import serve_fits

    serve_fits(calls)
