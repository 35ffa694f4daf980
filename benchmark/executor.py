"""The local executor: one process a run, at most so many at once, isolated crashes."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import final

from .study import RunSpec


@final
@dataclass(frozen=True, kw_only=True)
class Started:
    """A worker has begun this run."""

    spec: RunSpec


@final
@dataclass(frozen=True, kw_only=True)
class Ended:
    """The worker of this run has ended; an exit code other than 0 means it was lost."""

    spec: RunSpec
    exit_code: int


def execute(
    specs: Sequence[RunSpec], problem_hashes: dict[str, str], directory: Path, jobs: int
) -> Iterator[Started | Ended]:
    """Run all specs, telling what begins and ends; closing the iterator stops the workers.

    Args:
        specs: In the order they are begun.
        problem_hashes: Digest of each problem.
        directory: Where workers write their parts.
        jobs: Processes at once, each with one thread.
    """
    context = _context()
    pending = list(reversed(specs))
    running: dict[int, tuple[BaseProcess, RunSpec]] = {}
    try:
        while pending or running:
            while pending and len(running) < jobs:
                spec = pending.pop()
                process = _start(context, spec, problem_hashes[spec.problem], directory)
                running[process.sentinel] = (process, spec)
                yield Started(spec=spec)
            for sentinel in wait(list(running)):
                assert isinstance(sentinel, int)
                process, spec = running.pop(sentinel)
                process.join()
                yield Ended(spec=spec, exit_code=process.exitcode or 0)
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.join()


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

    forkserver.set_forkserver_preload([f"{__package__}.worker"])
    resource_tracker.ensure_running()  # else the server does, which ends the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(context: BaseContext, spec: RunSpec, problem_hash: str, directory: Path) -> BaseProcess:
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]
        target=_work, args=(spec, problem_hash, directory), daemon=True
    )
    process.start()
    return process


def _work(spec: RunSpec, problem_hash: str, directory: Path) -> None:
    from .worker import work  # the head never imports what workers need

    work(spec, problem_hash, directory)
