"""Fits in a process of their own, which never opens the test split."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, ClassVar, final

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

import torch

from ...algorithms import ALGORITHMS
from ...errors import StudyError
from ...plugins import beside
from ...problems.experts import ExpertPool
from ...problems.hold_out import held_out
from ..score.measure import Asked
from ..score.stages import Question, Stage
from ..study.study import RunSpec
from .executors.local import PEAK
from .fit import Facts, Fit, Rehearsal
from .fitting import FitLost, Fitting, RunEnded, ending
from .wire import Decoder, Encoder, Message


def serve_fits(calls: Connection) -> None:
    """Answer calls until the connection is closed. Exits at once if the coordinator dies."""
    begin()
    server = _Server()
    with suppress(EOFError, OSError), held_out():
        while True:
            name, arguments = calls.recv()
            calls.send(_outcome(getattr(server, name), arguments))
    # An orderly shutdown of torch can take longer than a small run.
    os._exit(0)


def begin() -> None:
    """Ignore interrupts, whose meaning the coordinator decides, and end when it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_coordinator, daemon=True).start()


def _follow_coordinator() -> None:
    coordinator = parent_process()
    if coordinator is not None:
        wait([coordinator.sentinel])
        os._exit(1)


def _outcome(method: Callable[..., Any], arguments: Sequence[Any]) -> tuple[bool, Any]:
    """Return whether the run goes on, with the result; else the facts of its end."""
    try:
        return True, method(*arguments)
    except RunEnded as end:
        return False, end.facts


@final
class _Server:
    """The fit process's side of `FitProcess`: the same calls, with points encoded."""

    def __init__(self) -> None:
        self._fit: Fit | None = None
        self._encoder = Encoder()

    def rehearse(self, spec: RunSpec) -> tuple[Facts, Rehearsal]:
        fit = _started(spec)
        with ending(fit.facts):
            found = fit.rehearse()
        return fit.facts, found

    def fit(self, spec: RunSpec, rehearsal: Rehearsal) -> tuple[Facts, Sequence[Stage]]:
        self._fit, self._encoder = _started(spec), Encoder()
        with ending(self._fit.facts):
            self._fit.fit(rehearsal)
        return self._fit.facts, self._fit.stages

    def ask(self, stage: int, question: Question) -> Message:
        assert self._fit is not None
        with ending({}):
            return self._encoder.encode(*self._fit.ask(stage, question))


def _started(spec: RunSpec) -> Fit:
    torch.set_num_threads(1)
    reset_peak()
    with ending({}):
        limit_memory(spec.resources.memory_bytes)
    return Fit(spec)


def reset_peak() -> None:
    """Make the peak resident memory count from now: it must not be that of an earlier run."""
    with suppress(OSError):  # where this is impossible, no process computes a second run
        PEAK.write_text("5")


def limit_memory(limit: int | None) -> None:
    """Make allocations of this process beyond `limit` bytes fail; memory-mapped files are free."""
    if limit is None:
        return
    if resource is None:
        raise StudyError(
            "`memory_bytes` must be left out on this system, which cannot limit the memory of a "
            f"process. Found {limit}."
        )
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


@final
class FitProcess(Fitting):
    """Fits in other processes: rehearsals in one, so that nothing of theirs survives in fits.

    Args:
        rehearsals: A connection to a process that runs `serve_fits`.
        fits: A connection to another one.
    """

    isolation: ClassVar[str] = "processes"
    _spec: RunSpec

    def __init__(self, rehearsals: Connection, fits: Connection) -> None:
        self._rehearsals = rehearsals
        self._fits = fits

    def rehearse(self, spec: RunSpec) -> tuple[Facts, Rehearsal]:
        """Rehearse in the process for rehearsals."""
        found: tuple[Facts, Rehearsal] = _call(self._rehearsals, "rehearse", spec)
        return found

    def fit(self, spec: RunSpec, rehearsal: Rehearsal) -> tuple[Facts, Sequence[Stage]]:
        """Fit in the process for fits."""
        found: tuple[Facts, Sequence[Stage]] = _call(self._fits, "fit", spec, rehearsal)
        self._spec = spec
        return found

    def ask(
        self, questions: Sequence[tuple[int, Question]], experts: ExpertPool
    ) -> Iterator[Asked]:
        """Yield answers one at a time, so that no more than one model is on its way."""
        decoder = Decoder(experts)
        for stage, question in questions:
            message: Message = _call(self._fits, "ask", stage, question)
            with ending({}), beside(self._spec.algorithm.file):
                if message.names_code:
                    # The class of a plug-in's predictor has to be imported.
                    self._spec.algorithm.load(ALGORITHMS)
                answer = decoder.decode(message)
            yield answer


def _call(connection: Connection, name: str, *arguments: object) -> Any:
    try:
        connection.send((name, arguments))
        goes_on, found = connection.recv()
    except (EOFError, OSError) as error:
        raise FitLost from error
    if not goes_on:
        raise RunEnded(found)
    return found
