"""The plan of a study, printed: what is done, what would run, and what that would take."""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from ..dry_run import Branch, Forecast, forecast
from ..history import BASES
from ..study.study import Study


def show_plan(study: Study, directory: Path, *, jobs: int, as_json: bool = False) -> None:
    """Print what would run and what that would take, without running or writing anything."""
    found = forecast(study, directory)
    if as_json:
        print(json.dumps(_content(found, directory, jobs), ensure_ascii=False))
        return
    for problem, branches in groupby(found.branches, key=lambda branch: branch.problem):
        print(problem)
        for line in found.first_use.get(problem, ()):
            print(f"  |   {line}")
        told = found.missing.get(problem, "")
        if told:
            print(f"  |   skipped: {told}")
        for branch in branches:
            print(f"  |-- {branch.algorithm} x {branch.runs}{_state(branch, told)}")
    print(*_totals(found, directory, jobs), sep="\n")


def _state(branch: Branch, told: str) -> str:
    """What is known of a branch, but for a reason that is told already."""
    reason = "" if branch.reason in ("", told) else f" ({branch.reason})"
    words = [f"{branch.done} done"] if branch.done else []
    if branch.skipped:
        words.append(f"{branch.skipped} skipped{reason}")
    if branch.to_run:
        words.append(f"{branch.to_run} to run")
        if branch.estimate is not None:
            words.append(f"about {_clock(branch.estimate.seconds)} each")
        if reason and not branch.skipped:
            words.append(f"may be skipped{reason}")
    return f": {', '.join(words)}"


def _totals(found: Forecast, directory: Path, jobs: int) -> list[str]:
    runs = sum(branch.runs for branch in found.branches)
    done = sum(branch.done for branch in found.branches)
    to_run = sum(branch.to_run for branch in found.branches)
    lines = [
        f"{runs} runs of at most {found.study.budget or 'unlimited'} units, into {directory}: "
        f"{done} done, {to_run} to run, {runs - done - to_run} skipped"
    ]
    lines += [f"at most {value:g} {key} each" for key, value in found.study.caps.items()]
    for reason, count in found.superseded.items():
        lines.append(f"{count} of other runs there would be moved aside: {reason}")
    if not to_run:
        return lines
    if not found.durations:
        return [*lines, "no estimate: there are no earlier runs"]
    bases = ", ".join(f"{count} from {basis}" for basis, count in _bases(found).items())
    hours, wall = found.cpu_seconds / 3600, _clock(found.wall_seconds(jobs))
    return [
        *lines,
        f"about {hours:.2g} CPU hours, {wall} with -j {jobs}",
        f"estimated from {len(found.earlier)} earlier runs ({bases})",
    ]


def _bases(found: Forecast) -> dict[str, int]:
    """How many runs are estimated from which earlier ones."""
    counts = Counter[str]()
    for branch in found.branches:
        if branch.estimate is not None and branch.to_run:
            counts[branch.estimate.basis] += branch.to_run
    return {basis: counts[basis] for basis in BASES if counts[basis]}


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _clock(3725.4), _clock(9)
    ('1:02:05', '0:00:09')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _content(found: Forecast, directory: Path, jobs: int) -> dict[str, Any]:
    return {
        "directory": str(directory),
        "budget": found.study.budget,
        "caps": dict(found.study.caps),
        "runs": sum(branch.runs for branch in found.branches),
        "done": sum(branch.done for branch in found.branches),
        "to_run": sum(branch.to_run for branch in found.branches),
        "skipped": sum(branch.skipped for branch in found.branches),
        "jobs": jobs,
        "cpu_seconds": found.cpu_seconds,
        "wall_seconds": found.wall_seconds(jobs),
        "estimated_from": len(found.earlier),
        "branches": [_row(branch) for branch in found.branches],
        "superseded": dict(found.superseded),
        "first_use": {name: list(lines) for name, lines in found.first_use.items()},
    }


def _row(branch: Branch) -> dict[str, Any]:
    estimate = branch.estimate
    return {
        "problem": branch.problem,
        "algorithm": branch.algorithm,
        "runs": branch.runs,
        "done": branch.done,
        "to_run": branch.to_run,
        "skipped": branch.skipped,
        "reason": branch.reason,
        "seconds_each": None if estimate is None else estimate.seconds,
        "basis": None if estimate is None else estimate.basis,
        "estimated_from": 0 if estimate is None else len(estimate.runs),
    }
