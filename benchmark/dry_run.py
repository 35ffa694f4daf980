"""Dry run: the effect of a study on a directory, determined without writing anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from ..algorithms import ALGORITHMS
from ..errors import StoreError
from ..results.directory.parts import part_ids, part_path, read_problems
from ..results.directory.planned import run_statuses
from ..results.directory.snapshot import Snapshot
from ..results.files.record import UNAVAILABLE
from .history import Estimate, History, Timed, wall_time
from .run.outdated import explain
from .run.plan import STUDY, check_study, outdated_ids
from .study.file import read_study
from .study.problem_spec import ProblemSpec
from .study.study import RunSpec, Study, keep_ids, merge_studies

_FIRST_USE: Final = "first use"


@final
@dataclass(frozen=True, kw_only=True)
class Cell:
    """One algorithm on one problem, over all seeds.

    Attributes:
        problem: Its name.
        algorithm: Its display name.
        runs: Number of runs that the study asks for.
        done: Number of planned runs that are done, including outdated runs that would come back.
        to_run: Number of runs that would be computed; failed runs are among them.
        skipped: Number of runs that are or would be skipped.
        reason: Why they are skipped. If none is, why an earlier run of this algorithm on this
            problem was: the runs to compute may then be skipped too.
        estimate: Estimate of one run that would be computed.
    """

    problem: str
    algorithm: str
    runs: int
    done: int
    to_run: int
    skipped: int
    reason: str
    estimate: Estimate | None = None


@final
@dataclass(frozen=True, kw_only=True)
class DryRun:
    """A study, which of its runs a directory has, and what the others would cost.

    Attributes:
        study: The study in canonical form.
        cells: Its cells, problem by problem, in the order of the study.
        missing: Why all runs of a problem would be skipped, by problem.
        first_use: What would be trained or converted before the first run, by problem.
        outdated: Why parts would be moved aside: each reason with the number of parts.
        durations: Estimated seconds of the runs that would be computed, in the order in which they
            start; runs without an estimate are left out.
    """

    study: Study
    cells: tuple[Cell, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    first_use: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outdated: Mapping[str, int] = field(default_factory=dict)
    durations: tuple[float, ...] = ()

    @property
    def earlier(self) -> frozenset[Timed]:
        """The earlier runs on which the estimates are based."""
        estimates = [c.estimate for c in self.cells if c.estimate is not None and c.to_run]
        return frozenset(run for estimate in estimates for run in estimate.runs)

    @property
    def cpu_seconds(self) -> float:
        """Estimated seconds of all runs that would be computed; each uses one thread."""
        return sum(self.durations)

    def wall_seconds(self, jobs: int) -> float:
        """Return the estimated seconds until the last run ends, with `jobs` runs at once."""
        return wall_time(self.durations, jobs)


def dry_run(study: Study, directory: Path) -> DryRun:
    """Return what `fusefront run` would do with a study. Reads the directory, writes nothing.

    Problems are assumed to be unchanged since the directory's last run: hashing their files would
    take too long here, so that only a run notices a change.

    Raises:
        StudyError: If the study cannot be run, or not in this directory.
    """
    study = check_study(study)
    whole = study
    if (directory / STUDY).exists():
        whole = merge_studies(read_study(directory / STUDY, ALGORITHMS), study)
    checks = {spec.name: _Preflight.of(spec) for spec in study.problems}
    names = [spec.name for spec in whole.problems]
    hashes = dict.fromkeys(names, UNAVAILABLE) | _known_hashes(directory)
    hashes |= {name: UNAVAILABLE for name, check in checks.items() if check.missing}
    existing = {*part_ids(directory), *outdated_ids(directory)}
    specs = keep_ids(study.expand(ALGORITHMS, hashes), existing)
    all_specs = keep_ids(whole.expand(ALGORITHMS, hashes), existing)
    snapshot = Snapshot(directory)
    history = History(directory, snapshot)
    returning = dict.fromkeys(outdated_ids(directory), ("done", ""))
    ended = returning | run_statuses(snapshot)
    groups: dict[tuple[str, str], list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault((spec.problem.name, spec.algorithm.full_name), []).append(spec)
    cells = {key: _cell(runs, checks[key[0]], ended, history) for key, runs in groups.items()}
    return DryRun(
        study=study,
        cells=tuple(cells.values()),
        missing={name: check.missing for name, check in checks.items() if check.missing},
        first_use={name: check.first_use for name, check in checks.items() if check.first_use},
        outdated=_outdated(directory, all_specs, hashes),
        durations=_durations(specs, cells),
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Preflight:
    """The findings of a problem's preflight."""

    tasks: int
    missing: str
    first_use: tuple[str, ...]

    @classmethod
    def of(cls, spec: ProblemSpec) -> "_Preflight":
        problem = spec.load()
        findings = list(problem.preflight())
        return cls(
            tasks=len(problem.tasks),
            missing=" ".join(f.found for f in findings if not f.ok),
            first_use=tuple(
                f"{f.what} {f.found}" for f in findings if f.ok and _FIRST_USE in f.found
            ),
        )


def _known_hashes(directory: Path) -> dict[str, str]:
    try:
        tables = read_problems(directory)
    except StoreError:  # damaged: its runs are found again once the next run has rewritten it
        return {}
    rows = [row for table in tables for row in table.to_pylist()]
    return {row["problem"]: row["problem_hash"] for row in rows}


def _cell(
    runs: list[RunSpec], check: _Preflight, ended: Mapping[str, tuple[str, str]], history: History
) -> Cell:
    first = runs[0]
    states = [ended.get(run.run_id, ("missing", "")) for run in runs]
    counts = Counter(word for word, _ in states)
    to_run = 0 if check.missing else counts["failed"] + counts["missing"]
    skips = dict.fromkeys(reason for word, reason in states if word == "skipped")
    reason = check.missing or "; ".join(skips)
    return Cell(
        problem=first.problem.name,
        algorithm=first.algorithm.display_name,
        runs=len(runs),
        done=counts["done"],
        to_run=to_run,
        skipped=len(runs) - counts["done"] - to_run,
        reason=reason or history.reasons.get((first.problem.name, first.algorithm.name), ""),
        estimate=history.estimate(first, check.tasks),
    )


def _outdated(
    directory: Path, wanted: Sequence[RunSpec], hashes: Mapping[str, str]
) -> dict[str, int]:
    others = sorted(set(part_ids(directory)) - {spec.run_id for spec in wanted})
    return explain([part_path(directory, run_id) for run_id in others], wanted, hashes, ALGORITHMS)


def _durations(
    specs: Sequence[RunSpec], cells: Mapping[tuple[str, str], Cell]
) -> tuple[float, ...]:
    """Return the estimates in the order of start.

    Assumes that the remaining runs of a cell are those of its highest seeds.
    """
    seen: dict[tuple[str, str], int] = {}
    durations = []
    for spec in specs:
        key = (spec.problem.name, spec.algorithm.full_name)
        cell = cells[key]
        seen[key] = seen.get(key, 0) + 1
        if cell.estimate is not None and seen[key] > cell.runs - cell.to_run:
            durations.append(cell.estimate.seconds)
    return tuple(durations)
