"""Time left: estimates, corrected by the runs that have ended, over all workers."""

from dataclasses import replace

import pytest
from tests.benchmark.test_display import SPEC

from fusefront.benchmark.run.progress import Event, Progress

PROBLEMS = [replace(SPEC.problem, name=f"p{i}") for i in range(2)]
SPECS = [replace(SPEC, run_id=f"r{i}", problem=PROBLEMS[i % 2]) for i in range(4)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tally(expected: dict[str, float], jobs: int = 1) -> tuple[Progress, Clock]:
    clock = Clock()
    return Progress(SPECS, expected, jobs, clock), clock


def events(tally: Progress, index: int, *statuses: str) -> None:
    for status in statuses:
        tally.take(Event(spec=SPECS[index], status=status, reason="why"))


def test_nothing_is_said_before_anything_is_known() -> None:
    found, clock = tally({})
    assert found.seconds_left() is None
    events(found, 0, "running")
    clock.now = 3
    assert found.seconds_left() is None
    events(found, 0, "done")
    assert found.seconds_left() == 9


def test_estimates_are_added_up_over_the_workers() -> None:
    expected = {"r0": 4.0, "r1": 1.0, "r2": 1.0, "r3": 2.0}
    assert tally(expected)[0].seconds_left() == 8
    assert tally(expected, jobs=2)[0].seconds_left() == 4


def test_a_slower_machine_is_noticed() -> None:
    found, clock = tally({"r0": 2.0, "r1": 1.0, "r2": 1.0, "r3": 1.0})
    events(found, 0, "running")
    clock.now = 6
    events(found, 0, "done")
    assert found.seconds_left() == pytest.approx(9)


def test_time_that_runs_have_had_counts() -> None:
    found, clock = tally({"r0": 2.0, "r1": 1.0, "r2": 1.0, "r3": 1.0})
    events(found, 0, "running")
    clock.now = 1.5
    assert found.seconds_left() == 3.5
    clock.now = 100
    assert found.seconds_left() == 3


def test_cached_runs_take_no_time_and_retried_ones_wait_again() -> None:
    found, _ = tally(dict.fromkeys(["r0", "r1", "r2", "r3"], 1.0))
    events(found, 0, "cached")
    events(found, 1, "running", "retrying")
    assert (found.ended, found.running, found.seconds_left()) == (1, 0, 3)
    assert found.last_error.endswith("why")
    events(found, 1, "running", "done")
    assert found.counts["done"] == 1
    assert found.problems["p1"].ended == 1


def test_branches_know_what_runs() -> None:
    found, _ = tally({})
    events(found, 2, "running")
    assert list(found.problems) == ["p0", "p1"]
    assert list(found.problems["p0"].running) == ["r2"]
    events(found, 2, "failed")
    assert (found.problems["p0"].ended, found.problems["p0"].total) == (1, 2)
