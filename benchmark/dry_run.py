"""What a study would do in a directory, told without doing or writing anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from ..algorithms import ALGORITHMS
from ..errors import StoreError
from ..results.directory.parts import part_ids, part_path, read_problems
from ..results.directory.snapshot import Snapshot
from ..results.directory.status import run_statuses
from ..results.files.record import UNAVAILABLE
from .history import Estimate, History, Timed, wall_time
from .run.outdated import explain
from .run.plan import STUDY, SUPERSEDED, check_study
from .study.file import read_study
from .study.problem_spec import ProblemSpec
from .study.study import RunSpec, Study, merge_studies

_FIRST_USE: Final = "first use"


@final
@dataclass(frozen=True, kw_only=True)
class Branch:
    """The runs of one algorithm on one problem.

    Attributes:
        problem: Its name.
        algorithm: Its display name.
        runs: How many the study asks for.
        done: How many of them are there, those with them that were superseded and come back.
        to_run: How many would be computed; failed ones are tried again.
        skipped: How many are or would be skipped.
        reason: Why they are, or why an earlier run of this algorithm on this problem was: then
            those to run may be skipped too.
        estimate: Of one run that would be computed.
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
class Forecast:
    """A study, what a directory has of it, and what the rest would take.

    Attributes:
        study: In its canonical form.
        branches: A problem's one after the other, in the order of the study.
        missing: Why a problem's runs would be skipped, by problem.
        first_use: What would be made of a problem before its first run, by problem.
        superseded: Why parts would be moved aside, each reason with how many.
        durations: Estimated seconds of the runs that would be computed, in the order of their
            start; only of those that can be estimated.
    """

    study: Study
    branches: tuple[Branch, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    first_use: Mapping[str, Sequence[str]] = field(default_factory=dict)
    superseded: Mapping[str, int] = field(default_factory=dict)
    durations: tuple[float, ...] = ()

    @property
    def earlier(self) -> frozenset[Timed]:
        """The earlier runs that the estimate is made of."""
        estimates = [b.estimate for b in self.branches if b.estimate is not None and b.to_run]
        return frozenset(run for estimate in estimates for run in estimate.runs)

    @property
    def cpu_seconds(self) -> float:
        """Of all runs that would be computed; each has one thread."""
        return sum(self.durations)

    def wall_seconds(self, jobs: int) -> float:
        """Until the last run ends, with so many at once."""
        return wall_time(self.durations, jobs)


def forecast(study: Study, directory: Path) -> Forecast:
    """What `run_plan` would do with a study. Reads the directory, writes nothing.

    A problem is what the directory's last run found it to be: whether its files have changed
    since, only a run sees.

    Raises:
        StudyError: If the study cannot be run, or not into this directory.
    """
    study = check_study(study)
    whole = study
    if (directory / STUDY).exists():
        whole = merge_studies(read_study(directory / STUDY, ALGORITHMS), study)
    problems = {spec.name: spec for spec in map(ProblemSpec.parse, study.problems)}
    looks = {name: _Look.at(spec) for name, spec in problems.items()}
    names = [ProblemSpec.parse(text).name for text in whole.problems]
    hashes = dict.fromkeys(names, UNAVAILABLE) | _known_hashes(directory)
    hashes |= {name: UNAVAILABLE for name, look in looks.items() if look.missing}
    specs = study.expand(ALGORITHMS, hashes)
    survey = Snapshot(directory)
    history = History(directory, survey)
    back = dict.fromkeys(part_ids(directory, SUPERSEDED), ("done", ""))
    ended = back | run_statuses(survey)
    groups: dict[tuple[str, str], list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault((spec.problem, spec.algorithm.full_name), []).append(spec)
    branches = {key: _branch(runs, looks[key[0]], ended, history) for key, runs in groups.items()}
    return Forecast(
        study=study,
        branches=tuple(branches.values()),
        missing={name: look.missing for name, look in looks.items() if look.missing},
        first_use={name: look.first_use for name, look in looks.items() if look.first_use},
        superseded=_superseded(directory, whole.expand(ALGORITHMS, hashes), hashes),
        durations=_durations(specs, branches),
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a preflight tells of a problem."""

    tasks: int
    missing: str
    first_use: tuple[str, ...]

    @classmethod
    def at(cls, spec: ProblemSpec) -> "_Look":
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
    except StoreError:  # damaged: its runs are found again once it is written anew
        return {}
    rows = [row for table in tables for row in table.to_pylist()]
    return {row["problem"]: row["problem_hash"] for row in rows}


def _branch(
    runs: list[RunSpec], look: _Look, ended: Mapping[str, tuple[str, str]], history: History
) -> Branch:
    first = runs[0]
    states = [ended.get(run.run_id, ("missing", "")) for run in runs]
    counts = Counter(word for word, _ in states)
    to_run = 0 if look.missing else counts["failed"] + counts["missing"]
    skips = dict.fromkeys(reason for word, reason in states if word == "skipped")
    reason = look.missing or "; ".join(skips)
    return Branch(
        problem=first.problem,
        algorithm=first.algorithm.display_name,
        runs=len(runs),
        done=counts["done"],
        to_run=to_run,
        skipped=len(runs) - counts["done"] - to_run,
        reason=reason or history.reasons.get((first.problem, first.algorithm.name), ""),
        estimate=history.estimate(first, look.tasks),
    )


def _superseded(
    directory: Path, wanted: Sequence[RunSpec], hashes: Mapping[str, str]
) -> dict[str, int]:
    others = sorted(set(part_ids(directory)) - {spec.run_id for spec in wanted})
    return explain([part_path(directory, run_id) for run_id in others], wanted, hashes, ALGORITHMS)


def _durations(
    specs: Sequence[RunSpec], branches: Mapping[tuple[str, str], Branch]
) -> tuple[float, ...]:
    """Those of a branch that remain are taken to be its last ones."""
    begun: dict[tuple[str, str], int] = {}
    durations = []
    for spec in specs:
        key = (spec.problem, spec.algorithm.full_name)
        branch = branches[key]
        begun[key] = begun.get(key, 0) + 1
        if branch.estimate is not None and begun[key] > branch.runs - branch.to_run:
            durations.append(branch.estimate.seconds)
    return tuple(durations)
