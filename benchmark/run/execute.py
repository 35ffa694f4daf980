"""Carrying out a plan: what is begun, what other heads do, what is tried again."""

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final, final

from ...results.directory.parts import part_path, write_part
from ...results.directory.status import run_status
from ...results.files.record import UNAVAILABLE
from ..study.study import RunSpec
from . import provenance
from .executors import Start, processes
from .executors.base import Ended, Executor, Loss, Place
from .leases import Claims
from .plan import Plan
from .progress import Progress

POLL: Final = 0.5
"""Seconds between two looks at runs that other heads have claimed."""


def run_plan(
    planned: Plan,
    directory: Path,
    *,
    jobs: int,
    executor: Start = processes,
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[Progress]:
    """Execute a plan, telling what happens; closing the iterator stops the workers.

    Other heads may work on the same directory: what they have claimed is left to them, and told
    when it has ended. A worker that dies leaves a failed row, or is tried again where the machine
    may be to blame; nothing else stops the others.

    Args:
        planned: What is to be done.
        directory: Where.
        jobs: Runs at once.
        executor: What computes them, as `executors.start_of` reads it.
        stopping: Asked before every start; once true no run is begun, and those under way end.

    Raises:
        StoreError: If parts can no longer be written; what is written is whole.
    """
    pending = []
    for spec in planned.specs:
        if spec.run_id in planned.finished:
            yield Progress(spec=spec, status="cached")
        elif spec.problem in planned.unavailable:
            _record_skip(spec, planned, directory)
            yield _ended(spec, directory)
        else:
            pending.append(spec)
    if not pending:
        return
    place = Place(directory=directory, problem_hashes=planned.problem_hashes)
    with Claims(directory) as claims:
        workers = executor(place, jobs)
        try:
            workers.check(max(spec.resources.gpus for spec in pending))
            yield from _Execution(pending, place, workers, claims, stopping).events()
        finally:
            workers.close()  # before its runs are anybody's


@final
class _Execution:
    """Runs that wait, and those that the workers have."""

    def __init__(
        self,
        pending: list[RunSpec],
        place: Place,
        workers: Executor,
        claims: Claims,
        stopping: Callable[[], bool],
    ) -> None:
        self._waiting = deque(pending)
        self._place = place
        self._workers = workers
        self._claims = claims
        self._stopping = stopping
        self._tries: Counter[str] = Counter()
        self._before = {spec.run_id: self._stamp(spec) for spec in pending}

    def events(self) -> Iterator[Progress]:
        """Until nothing waits and nothing is computed, here or elsewhere."""
        while self._waiting or self._workers.running:
            if not self._stopping():
                yield from self._begin()
            elif not self._workers.running:
                return
            if not self._workers.running and self._waiting:
                time.sleep(POLL)  # all that waits is computed elsewhere
                continue
            looking = self._waiting and self._workers.free
            for ended in self._workers.wait(POLL if looking else None):
                yield self._take_back(ended)

    def _begin(self) -> Iterator[Progress]:
        """Give the workers what they have room for; tell what has ended elsewhere."""
        for _ in range(len(self._waiting)):
            if not self._workers.free:
                return
            spec = self._waiting.popleft()
            if not self._workers.fits(spec) or not self._claims.take(spec.run_id):
                self._waiting.append(spec)
            elif self._stamp(spec) != self._before[spec.run_id]:  # since the plan was made
                self._claims.release(spec.run_id)
                yield _ended(spec, self._place.directory)
            else:
                self._workers.start(spec)
                yield Progress(spec=spec, status="running")

    def _take_back(self, ended: Ended) -> Progress:
        spec, loss = ended.spec, ended.loss
        if loss is not None:
            self._tries[spec.run_id] += 1
            tried, retries = self._tries[spec.run_id], spec.resources.retries
            if loss.of_machine and tried <= retries:
                self._waiting.appendleft(spec)
                self._claims.release(spec.run_id)
                again = f"{loss.message} It is tried again, {tried} of {retries}."
                return Progress(spec=spec, status="lost", reason=again)
            _record_loss(spec, loss, self._place)
        self._claims.release(spec.run_id)
        return _ended(spec, self._place.directory)

    def _stamp(self, spec: RunSpec) -> int | None:
        try:
            return part_path(self._place.directory, spec.run_id).stat().st_mtime_ns
        except FileNotFoundError:
            return None


def _ended(spec: RunSpec, directory: Path) -> Progress:
    status, reason = run_status(directory, spec.run_id)
    return Progress(spec=spec, status=status, reason=reason)


def _record_skip(spec: RunSpec, planned: Plan, directory: Path) -> None:
    from .one_run import make_record

    reason = planned.unavailable[spec.problem]
    facts = {"status": "skipped", "reason": reason, "started": provenance.now()}
    write_part(directory, make_record(spec, UNAVAILABLE, facts))


def _record_loss(spec: RunSpec, loss: Loss, place: Place) -> None:
    from .one_run import make_record

    facts = {
        "status": "failed",
        "error_class": loss.error_class,
        "error_message": loss.message,
        "started": provenance.now(),
    }
    write_part(place.directory, make_record(spec, place.problem_hashes[spec.problem], facts))
