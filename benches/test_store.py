"""Time that a table of 100,000 runs takes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fusefront
from benches.large_store import RUNS, make

ROUNDS = 3


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("large"))


def test_loading(benchmark: BenchmarkFixture, directory: Path) -> None:
    def load() -> None:
        results = fusefront.load(directory)
        assert len(results.runs) == len(results.scores_of("hypervolume")) == RUNS

    what = f"Loading {RUNS:,} runs and their scores of one metric"
    _report(benchmark, _seconds(load), what=what, aim=1.0)


def test_printing(benchmark: BenchmarkFixture, directory: Path) -> None:
    command = [sys.executable, "-m", "fusefront.benchmark", "table", str(directory)]

    def show() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    what = f"`fusefront table` of {RUNS:,} runs, from the command to its last line"
    _report(benchmark, _seconds(show), what=what, aim=2.0)


def _seconds(function: Callable[[], None]) -> float:
    """Return the minimum time of a few calls."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def _report(benchmark: BenchmarkFixture, taken: float, *, what: str, aim: float) -> None:
    benchmark.pedantic(lambda: None, rounds=1)  # it is timed above
    benchmark.extra_info.update(
        what=what, peer="what it may take", unit="s", ours=taken, theirs=aim, ratio=aim / taken,
        spread=None, goal=1.0,
    )  # fmt: skip
