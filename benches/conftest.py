"""One thread, and pairs: both sides of a comparison are timed in turn, so that noise meets both."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from fusefront.benchmark.run.meters import PeakMemory

Work = Callable[[], object]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Median CPU seconds of each side, and the median of the ratios of pairs."""

    ours: float
    peer: float
    ratio: float


@pytest.fixture
def compare(benchmark: BenchmarkFixture) -> Callable[..., Compared]:
    """`compare(ours, peer, what=..., rounds=...)`: time both in turn; kept in the report.

    CPU seconds of this process are compared: they do not count what other processes take.
    `goal` is the ratio that is aimed at; the report says whether it is reached. The first pair
    warms caches up and is left out, unless it is the only one.
    """

    def run(
        ours: Work, peer: Work, *, what: str, peer_name: str, goal: float | None, rounds: int = 6
    ) -> Compared:
        pairs = [(_seconds(ours), _seconds(peer)) for _ in range(rounds)]
        pairs = pairs[1:] or pairs
        found = Compared(
            ours=statistics.median(a for a, _ in pairs),
            peer=statistics.median(b for _, b in pairs),
            ratio=statistics.median(b / a for a, b in pairs),
        )
        benchmark.pedantic(lambda: None, rounds=1)  # pairs are timed here, not by it
        benchmark.extra_info.update(
            what=what,
            peer=peer_name,
            unit="s",
            ours=found.ours,
            theirs=found.peer,
            ratio=found.ratio,
            spread=[min(b / a for a, b in pairs), max(b / a for a, b in pairs)],
            goal=goal,
        )
        return found

    return run


@pytest.fixture
def compare_memory(benchmark: BenchmarkFixture) -> Callable[..., tuple[int, int]]:
    """Same as `compare`, but for the peak bytes of tensors in a call after a first call."""

    def run(ours: Work, peer: Work, *, what: str, peer_name: str, goal: float) -> tuple[int, int]:
        peaks = []
        for work in (ours, peer):
            work()
            with PeakMemory() as memory:
                work()
            peaks.append(memory.peak_bytes)
        benchmark.pedantic(lambda: None, rounds=1)
        benchmark.extra_info.update(
            what=what,
            peer=peer_name,
            unit="MiB",
            ours=peaks[0] / 2**20,
            theirs=peaks[1] / 2**20,
            ratio=peaks[1] / peaks[0],
            spread=None,
            goal=goal,
        )
        return peaks[0], peaks[1]

    return run


def _seconds(work: Work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def pytest_benchmark_update_json(output_json: dict[str, object]) -> None:
    """Remove host name and paths from the report: it records what was measured, never where."""
    for key in ("machine_info", "commit_info"):
        output_json[key] = {}
