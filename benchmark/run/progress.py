"""Progress of a study: events, counts per problem, current runs, time left, the last error."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from ..history import History, wall_time
from ..study.study import RunSpec


@final
@dataclass(frozen=True, kw_only=True)
class Progress:
    """What just happened to a run: `running`, or its end: done, cached, skipped or failed.

    `lost` is a run whose worker the machine lost, and that is tried again.
    """

    spec: RunSpec
    status: str
    reason: str = ""


ENDED: Final = ("done", "cached", "skipped", "failed")


@final
@dataclass(kw_only=True)
class Branch:
    """Of one problem: `total` runs, `counts` of those that ended, names of those that run."""

    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    running: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """How many have ended."""
        return sum(self.counts[word] for word in ENDED)


@final
class Tally:
    """Takes in what happens to the runs of a study.

    Args:
        specs: All of them, in the order they are begun.
        expected: Estimated seconds of each, by run id; what is not there is taken for the mean.
        jobs: Runs at once.
        clock: In seconds.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        expected: Mapping[str, float],
        jobs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.branches: dict[str, Branch] = {}
        self.counts: Counter[str] = Counter()
        self.last_error = ""
        self.total = len(specs)
        self._waiting = {spec.run_id: spec for spec in specs}
        self._expected = expected
        self._jobs = jobs
        self._clock = clock
        self._begun: dict[str, float] = {}
        self._took, self._thought = 0.0, 0.0
        for spec in specs:
            self.branches.setdefault(spec.problem, Branch()).total += 1

    @property
    def ended(self) -> int:
        """How many runs have ended."""
        return sum(self.counts[word] for word in ENDED)

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._begun)

    def take(self, event: Progress) -> None:
        """Count an event."""
        spec, branch = event.spec, self.branches[event.spec.problem]
        self.counts[event.status] += 1
        branch.counts[event.status] += 1
        if event.status == "running":
            self._begun[spec.run_id] = self._clock()
            branch.running[spec.run_id] = spec.algorithm.display_name
            return
        begun = self._begun.pop(spec.run_id, None)
        branch.running.pop(spec.run_id, None)
        if event.status in {"failed", "lost"}:
            self.last_error = f"{spec.problem} {spec.algorithm.display_name}: {event.reason}"
        if event.status == "lost":
            return
        self._waiting.pop(spec.run_id, None)
        if begun is not None:
            self._took += self._clock() - begun
            self._thought += self._seconds(spec)

    def seconds_left(self) -> float | None:
        """Until the last run ends, by the estimates and how those that ended compare with them.

        None before the first of them has ended where nothing was known of any.
        """
        if not self._expected and not self._took:
            return None
        pace = self._took / self._thought if self._thought else 1.0
        now = self._clock()
        left = [
            max(0.0, pace * self._seconds(spec) - (now - self._begun.get(run_id, now)))
            for run_id, spec in self._waiting.items()
        ]
        return wall_time(left, self._jobs) if left else 0.0

    def _seconds(self, spec: RunSpec) -> float:
        known = self._expected.get(spec.run_id)
        if known is not None:
            return known
        return sum(self._expected.values()) / len(self._expected) if self._expected else 1.0


def expected_seconds(specs: Sequence[RunSpec], history: History) -> dict[str, float]:
    """Estimated seconds of runs by id, of those that earlier runs tell anything of."""
    found = {s.run_id: history.estimate(s, history.tasks.get(s.problem, 0)) for s in specs}
    return {run_id: e.seconds for run_id, e in found.items() if e is not None}


def clock(seconds: float) -> str:
    """Seconds as `minutes:seconds` or `hours:minutes:seconds`.

    >>> clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
