"""Progress of a study: events, counts per problem, current runs, time left, the last error."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from ..history import History, wall_time
from ..study.study import RunSpec

ENDED: Final = ("done", "cached", "skipped", "failed")
"""Event statuses after which a run is over."""


@final
@dataclass(frozen=True, kw_only=True)
class Event:
    """The latest event of a run: `running`, `retrying`, `waiting`, or one of `ENDED`.

    `cached` is a run that was already done or skipped; `retrying` is one whose worker was lost;
    `waiting` is one that another coordinator computes, like all others that are left.
    """

    spec: RunSpec
    status: str
    reason: str = ""


@final
@dataclass(kw_only=True)
class ProblemProgress:
    """Progress of one problem.

    Attributes:
        total: Number of its runs.
        counts: Number of events by status.
        running: Name of each run that is computed now, by run id.
    """

    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    running: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """Number of its runs that have ended."""
        return sum(self.counts[status] for status in ENDED)


@final
class Progress:
    """Counts the events of a study and estimates the time left.

    Args:
        specs: All runs, in the order in which they start.
        expected: Estimated seconds of runs, by run id. A run without an estimate counts as the
            mean of the others.
        jobs: Number of runs at once.
        clock: Returns seconds.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        expected: Mapping[str, float],
        jobs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problems: dict[str, ProblemProgress] = {}
        self.counts: Counter[str] = Counter()
        self.last_error = ""
        self.total = len(specs)
        self._waiting = {spec.run_id: spec for spec in specs}
        self._expected = expected
        self._jobs = jobs
        self._clock = clock
        self._started: dict[str, float] = {}
        self._seconds_taken, self._seconds_estimated = 0.0, 0.0
        for spec in specs:
            self.problems.setdefault(spec.problem.name, ProblemProgress()).total += 1

    @property
    def ended(self) -> int:
        """Number of runs that have ended."""
        return sum(self.counts[status] for status in ENDED)

    @property
    def running(self) -> int:
        """Number of runs that are computed now."""
        return len(self._started)

    def take(self, event: Event) -> None:
        """Count an event."""
        spec, problem = event.spec, self.problems[event.spec.problem.name]
        self.counts[event.status] += 1
        problem.counts[event.status] += 1
        if event.status == "running":
            self._started[spec.run_id] = self._clock()
            problem.running[spec.run_id] = spec.algorithm.display_name
            return
        started = self._started.pop(spec.run_id, None)
        problem.running.pop(spec.run_id, None)
        if event.status in {"failed", "retrying"}:
            self.last_error = f"{spec.problem.name} {spec.algorithm.display_name}: {event.reason}"
        if event.status in {"retrying", "waiting"}:
            return
        self._waiting.pop(spec.run_id, None)
        if started is not None:
            self._seconds_taken += self._clock() - started
            self._seconds_estimated += self._estimate(spec)

    def seconds_left(self) -> float | None:
        """Return the estimated seconds until the last run ends.

        Estimates are corrected by the ratio of actual to estimated seconds of the runs that ended.
        The result is None while no run has ended and no run has an estimate.
        """
        if not self._expected and not self._seconds_taken:
            return None
        estimated = self._seconds_estimated
        pace = self._seconds_taken / estimated if estimated else 1.0
        now = self._clock()
        left = [
            max(0.0, pace * self._estimate(spec) - (now - self._started.get(run_id, now)))
            for run_id, spec in self._waiting.items()
        ]
        return wall_time(left, self._jobs) if left else 0.0

    def _estimate(self, spec: RunSpec) -> float:
        known = self._expected.get(spec.run_id)
        if known is not None:
            return known
        return sum(self._expected.values()) / len(self._expected) if self._expected else 1.0


def expected_seconds(specs: Sequence[RunSpec], history: History) -> dict[str, float]:
    """Return the estimated seconds, by run id, of the runs that earlier runs allow to estimate."""
    found = {s.run_id: history.estimate(s, history.tasks.get(s.problem.name, 0)) for s in specs}
    return {run_id: e.seconds for run_id, e in found.items() if e is not None}


def clock(seconds: float) -> str:
    """Format seconds as `minutes:seconds` or `hours:minutes:seconds`.

    >>> clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
