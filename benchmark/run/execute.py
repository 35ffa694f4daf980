"""Execute a plan: start runs, skip those that other coordinators lease, retry after failures."""

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from ...errors import StoreError
from ...results.directory.parts import part_path, write_part
from ...results.directory.planned import run_status
from ...results.files.record import UNAVAILABLE
from ..study.study import RunSpec
from . import provenance
from .executors import Ended, Executor, Site, Start, WorkerFailure, processes
from .leases import Leases
from .plan import Plan, finish
from .progress import Event

POLL: Final = 0.5
"""Seconds between two checks of runs that other coordinators lease."""
COMPACTED_EVERY: Final = 1000
"""Smallest number of new parts between two compactions."""
COMPACTED_SHARE: Final = 0.05
"""Smallest number of new parts between two compactions, as a share of all runs. A compaction writes
the rows of all runs, so that its cost per run is bounded only if the steps grow with the study."""


def execute(
    plan: Plan,
    directory: Path,
    *,
    jobs: int,
    executor: Start = processes,
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[Event]:
    """Execute a plan and yield its events; closing the generator stops the workers.

    Other coordinators may work on the same directory: runs that they lease are left to them, and
    are reported when they have ended. If a worker dies, its run is recorded as failed, or
    retried if the machine may be the cause. The other runs continue.

    Args:
        plan: The runs to compute.
        directory: The run directory.
        jobs: Number of runs at once.
        executor: Starts what computes the runs; see `executors.start_of`.
        stopping: Called before every start. Once it returns True, no further run starts and current
            runs end normally.

    Raises:
        StoreError: If parts can no longer be written. Parts that were written are complete.
    """
    pending = []
    for spec in plan.specs:
        if spec.run_id in plan.finished:
            yield Event(spec=spec, status="cached")
        elif spec.problem.name in plan.unavailable:
            _record_skip(spec, plan, directory)
            yield _ended(spec, directory)
        else:
            pending.append(spec)
    if not pending:
        return
    site = Site(directory=directory, problem_hashes=plan.problem_hashes)
    with Leases(directory) as leases:
        workers = executor(site, jobs)
        try:
            workers.check(max(spec.resources.gpus for spec in pending))
            yield from _Execution(pending, site, workers, leases, stopping).events()
        finally:
            # Before the leases are released: otherwise another coordinator could start a run that a
            # worker of this one still computes.
            workers.close()


@final
class _Execution:
    """The queue of runs, and the runs that the workers compute."""

    def __init__(
        self,
        pending: list[RunSpec],
        site: Site,
        workers: Executor,
        leases: Leases,
        stopping: Callable[[], bool],
    ) -> None:
        self._waiting = deque(pending)
        self._site = site
        self._workers = workers
        self._leases = leases
        self._stopping = stopping
        self._failures: Counter[str] = Counter()
        self._announced = ""
        self._not_compacted = 0
        self._step = max(COMPACTED_EVERY, COMPACTED_SHARE * len(pending))
        self._before = {spec.run_id: self._stamp(spec) for spec in pending}

    def events(self) -> Iterator[Event]:
        """Yield events until no run waits or is being computed, here or elsewhere."""
        while self._waiting or self._workers.running:
            if not self._stopping():
                yield from self._start()
            elif not self._workers.running:
                return
            if not self._workers.running and self._waiting:
                yield from self._announce()
                time.sleep(POLL)  # other coordinators lease all runs that wait
                continue
            # With room for more, wake up now and then: another coordinator may give up a lease.
            polling = self._waiting and self._workers.free
            for ended in self._workers.wait(POLL if polling else None):
                yield self._finish(ended)
            if self._not_compacted >= self._step:
                self._compact()

    def _announce(self) -> Iterator[Event]:
        """Report once which other coordinators this one waits for."""
        owners = self._leases.owners([spec.run_id for spec in self._waiting])
        if owners and owners != self._announced:
            self._announced = owners
            count = len(self._waiting)
            reason = f"{count} {'run is' if count == 1 else 'runs are'} leased by {owners}."
            yield Event(spec=self._waiting[0], status="waiting", reason=reason)

    def _start(self) -> Iterator[Event]:
        """Give the workers as many runs as they have room for; report runs that ended elsewhere."""
        # Each waiting run is tried once. Those that do not fit now, or that another coordinator has
        # leased, go to the end of the queue.
        for _ in range(len(self._waiting)):
            if not self._workers.free:
                return
            spec = self._waiting.popleft()
            if not self._workers.fits(spec) or not self._leases.take(spec.run_id):
                self._waiting.append(spec)
            elif self._stamp(spec) != self._before[spec.run_id]:
                # Another coordinator computed it after this plan was made.
                self._leases.release(spec.run_id)
                yield _ended(spec, self._site.directory)
            else:
                self._workers.start(spec)
                yield Event(spec=spec, status="running")

    def _finish(self, ended: Ended) -> Event:
        """Record the end of a run, or put it back into the queue."""
        spec, failure = ended.spec, ended.failure
        if failure is not None:
            self._failures[spec.run_id] += 1
            count, retries = self._failures[spec.run_id], spec.resources.retries
            if failure.retryable and count <= retries:
                self._waiting.appendleft(spec)
                self._leases.release(spec.run_id)
                reason = f"{failure.message} Retry {count} of {retries}."
                return Event(spec=spec, status="retrying", reason=reason)
            _record_failure(spec, failure, self._site)
        self._leases.release(spec.run_id)
        self._not_compacted += 1
        return _ended(spec, self._site.directory)

    def _compact(self) -> None:
        """Compact the parts now: after a kill, only later ones have to be opened one by one."""
        self._not_compacted = 0
        with suppress(StoreError):  # a damaged part is reported when all runs have ended
            finish(self._site.directory)

    def _stamp(self, spec: RunSpec) -> int | None:
        """Return the time at which the run's part was written; None if it has no part."""
        try:
            return part_path(self._site.directory, spec.run_id).stat().st_mtime_ns
        except FileNotFoundError:
            return None


def _ended(spec: RunSpec, directory: Path) -> Event:
    status, reason = run_status(directory, spec.run_id)
    return Event(spec=spec, status=status, reason=reason)


def _record_skip(spec: RunSpec, plan: Plan, directory: Path) -> None:
    from .one_run import make_record

    reason = plan.unavailable[spec.problem.name]
    facts = {"status": "skipped", "reason": reason, "started": provenance.now()}
    write_part(directory, make_record(spec, UNAVAILABLE, facts))


def _record_failure(spec: RunSpec, failure: WorkerFailure, site: Site) -> None:
    from .one_run import make_record

    facts = {
        "status": "failed",
        "error_class": failure.error_class,
        "error_message": failure.message,
        "started": provenance.now(),
    }
    write_part(site.directory, make_record(spec, site.problem_hashes[spec.problem.name], facts))
