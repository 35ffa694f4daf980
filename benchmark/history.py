"""Estimates of the duration of runs, from earlier runs."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple, final

import pyarrow as pa

from ..errors import StoreError
from ..results.archive.archive import prerun_names, prerun_path
from ..results.directory.parts import read_problems
from ..results.directory.snapshot import Snapshot
from ..results.files.parquet import read_table
from ..results.files.schema import RUNS, TABLES
from .study.study import RunSpec

BASES: Final = (
    "same problem, in this directory",
    "same problem, in the pre-run archives",
    "same algorithm, other problems with as many tasks",
    "all earlier runs",
)
"""The earlier runs that an estimate is the median of, the most similar first."""

_EXHAUSTED: Final = 0.9
"""Share of the budget from which a fit counts as ended by it: algorithms stop a step short."""

_COLUMNS: Final = (
    *("problem", "algorithm", "parameters", "status", "reason", "units", "budget_units"),
    *("wall_seconds", "load_seconds", "rehearsal_seconds", "score_seconds"),
)


class Timed(NamedTuple):
    """An earlier run: seconds of its `fit` and of the `rest`, and the units that its fit used."""

    problem: str
    algorithm: str
    parameters: str
    tasks: int | None
    fit: float
    rest: float
    units: int
    budget: int | None

    def under(self, budget: int | None) -> float:
        """Return the seconds of the same run under another budget; only the fit's are scaled.

        A fit that used up its budget is expected to use up the other one, too. A fit that ended
        earlier is expected to end at the same point, unless the other budget is smaller.
        """
        used_up = self.budget is not None and self.units >= _EXHAUSTED * self.budget
        wanted = budget if used_up and budget is not None else self.units
        expected = wanted if budget is None else min(wanted, budget)
        return self.fit * (expected / self.units if self.units else 1.0) + self.rest


@final
@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Estimated seconds of one run: the median of earlier `runs`, selected as `basis` says."""

    seconds: float
    basis: str
    runs: frozenset[Timed]


@final
class History:
    """Earlier runs of a directory and of the pre-run archives, as a basis for estimates.

    Args:
        directory: A run directory; it need not exist.
        snapshot: A snapshot of it.

    Attributes:
        tasks: Number of tasks of each problem with earlier runs.
        reasons: Why runs were skipped, by problem and algorithm.
    """

    def __init__(self, directory: Path, snapshot: Snapshot) -> None:
        here, shipped = snapshot.runs.select(_COLUMNS).to_pylist(), list(_archives())
        tasks = self.tasks = _tasks([*_shipped_problems(), *_own_problems(directory)])
        self.reasons = {
            (row["problem"], row["algorithm"]): str(row["reason"])
            for row in (*shipped, *here)
            if row["status"] == "skipped"
        }
        self._groups: dict[tuple[Any, ...], list[Timed]] = {}
        for place, rows in (("here", here), ("shipped", shipped)):
            for row in rows:
                if row["status"] == "done":
                    self._add(place, _timed(row, tasks.get(row["problem"])))

    def estimate(self, spec: RunSpec, tasks: int) -> Estimate | None:
        """Estimate a run on a problem with this many tasks; None if there are no earlier runs."""
        name = spec.algorithm.name
        problem = spec.problem.name
        keys = (("here", problem, name), ("shipped", problem, name), (name, tasks), ())
        for basis, key in zip(BASES, keys, strict=True):
            runs = self._groups.get(key, [])
            runs = [r for r in runs if r.parameters == spec.resolved] or runs
            if runs:
                seconds = median(r.under(spec.budget) for r in runs)
                return Estimate(seconds=seconds, basis=basis, runs=frozenset(runs))
        return None

    def _add(self, place: str, run: Timed) -> None:
        same = (place, run.problem, run.algorithm)
        for key in (same, (run.algorithm, run.tasks), ()):
            self._groups.setdefault(key, []).append(run)


def wall_time(seconds: Sequence[float], jobs: int) -> float:
    """Return when the last run ends if runs start in this order, each as soon as a worker is free.

    >>> wall_time([3.0, 1.0, 1.0, 2.0], jobs=2)
    4.0
    """
    workers = [0.0] * jobs
    for run in seconds:
        heapq.heapreplace(workers, workers[0] + run)
    return max(workers)


def _timed(row: dict[str, Any], tasks: int | None) -> Timed:
    phases = ("load_seconds", "rehearsal_seconds", "score_seconds")
    return Timed(
        problem=row["problem"],
        algorithm=row["algorithm"],
        parameters=row["parameters"],
        tasks=tasks,
        fit=row["wall_seconds"] or 0.0,
        rest=sum(row[phase] or 0.0 for phase in phases),
        units=row["units"],
        budget=row["budget_units"],
    )


def _archives() -> Iterator[dict[str, Any]]:
    for name in prerun_names():
        table = read_table(prerun_path(name) / "runs.parquet", name="runs", schema=RUNS)
        yield from table.select(_COLUMNS).to_pylist()


def _own_problems(directory: Path) -> list[pa.Table]:
    try:
        return read_problems(directory)
    except StoreError:  # damaged: the next `fusefront run` writes it again
        return []


def _shipped_problems() -> Iterator[pa.Table]:
    for name in prerun_names():
        path = prerun_path(name) / "problems.parquet"
        yield read_table(path, name="problems", schema=TABLES["problems"])


def _tasks(problems: Sequence[pa.Table]) -> dict[str, int]:
    """Return the number of tasks of each problem."""
    names: dict[str, set[str]] = {}
    for table in problems:
        pairs = zip(*(table.column(c).to_pylist() for c in ("problem", "task")), strict=True)
        for problem, task in pairs:
            names.setdefault(problem, set()).add(task)
    return {problem: len(tasks) for problem, tasks in names.items()}
