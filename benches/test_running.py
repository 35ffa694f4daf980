"""The overhead of the harness: a trivial run, and two workers compared with one."""

import time
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

import fusefront
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.executors import start_of

RUNS = 1_000
AIM = 20.0
"""Milliseconds of a trivial run."""


def study(problem: str, *algorithms: str, seeds: int, budget: int) -> fusefront.Study:
    return fusefront.Study.of(problems=[problem], algorithms=algorithms, seeds=seeds, budget=budget)


def seconds(
    asked: fusefront.Study, directory: Path, *, jobs: int, executor: str = "local"
) -> float:
    """Return the wall time of executing a study and compacting its tables, after planning."""
    planned = runner.plan(asked, directory)
    start = time.perf_counter()
    for _ in execute(planned, directory, jobs=jobs, executor=start_of(executor)):
        pass
    found = runner.finish(directory)
    assert set(found.runs["status"]) == {"done"}
    return time.perf_counter() - start


def test_trivial_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    asked = study("analytic-quadratic", "rewarded-soup", seeds=RUNS, budget=100)
    taken = 1000 * seconds(asked, tmp_path / "runs", jobs=1, executor="inline") / RUNS
    benchmark.pedantic(lambda: None, rounds=1)  # it is timed here, once
    benchmark.extra_info.update(
        what=f"One of {RUNS:,} trivial runs (analytic problem, soup), inline, to its scores",
        peer="what it may take", unit="ms", ours=taken, theirs=AIM, ratio=AIM / taken,
        spread=None, goal=1.0,
    )  # fmt: skip


def test_two_workers(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    algorithms = ("rewarded-soup", "sobol-pool", "adamerging-task", "pwemoe-ls")
    asked = study("digits-left-right", *algorithms, seeds=3, budget=10_000)
    seconds(study("digits-left-right", "pretrained", seeds=1, budget=100), tmp_path / "0", jobs=1)
    pairs = [
        tuple(seconds(asked, tmp_path / f"{n}-{jobs}", jobs=jobs) for jobs in (2, 1))
        for n in range(2)
    ]
    two, one = min(pairs, key=lambda pair: pair[1])
    benchmark.pedantic(lambda: None, rounds=1)
    ratios = [b / a for a, b in pairs]
    benchmark.extra_info.update(
        what="12 runs on digits-left-right with two workers", peer="with one", unit="s",
        ours=two, theirs=one, ratio=sum(ratios) / len(ratios),
        spread=[min(ratios), max(ratios)], goal=1.8,
    )  # fmt: skip
