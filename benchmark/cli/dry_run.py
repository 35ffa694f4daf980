"""The printed form of a dry run: finished runs, runs to compute, and their estimated cost."""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from ..dry_run import Cell, DryRun, dry_run
from ..history import BASES
from ..study.study import Study


def show_dry_run(study: Study, directory: Path, *, jobs: int, as_json: bool = False) -> None:
    """Print the runs to compute and their estimated cost; compute and write nothing.

    With `as_json`, one object. Its `cells` has one record per algorithm and problem, and `outdated`
    the number of runs that would be moved aside, by reason. Both also have their names of version
    0.1, `cells` and `superseded`, which version 0.4 removes.
    """
    found = dry_run(study, directory)
    if as_json:
        print(json.dumps(_content(found, directory, jobs), ensure_ascii=False))
        return
    for problem, cells in groupby(found.cells, key=lambda cell: cell.problem):
        print(problem)
        for line in found.first_use.get(problem, ()):
            print(f"  |   {line}")
        missing = found.missing.get(problem, "")
        if missing:
            print(f"  |   skipped: {missing}")
        for cell in cells:
            print(f"  |-- {cell.algorithm} x {cell.runs}{_state(cell, missing)}")
    print(*_totals(found, directory, jobs), sep="\n")


def _state(cell: Cell, printed: str) -> str:
    """Describe a cell, omitting its reason if the line of the problem has printed it."""
    reason = "" if cell.reason in ("", printed) else f" ({cell.reason})"
    words = [f"{cell.done} done"] if cell.done else []
    if cell.skipped:
        words.append(f"{cell.skipped} skipped{reason}")
    if cell.to_run:
        words.append(f"{cell.to_run} to run")
        if cell.estimate is not None:
            words.append(f"about {_clock(cell.estimate.seconds)} each")
        if reason and not cell.skipped:
            words.append(f"may be skipped{reason}")
    return f": {', '.join(words)}"


def _totals(found: DryRun, directory: Path, jobs: int) -> list[str]:
    runs = sum(cell.runs for cell in found.cells)
    done = sum(cell.done for cell in found.cells)
    to_run = sum(cell.to_run for cell in found.cells)
    lines = [
        f"{runs} runs of at most {found.study.budget or 'unlimited'} units in {directory}: "
        f"{done} done, {to_run} to run, {runs - done - to_run} skipped"
    ]
    lines += [f"at most {value:g} {key} each" for key, value in found.study.caps.items()]
    for reason, count in found.outdated.items():
        lines.append(f"outdated runs that would be moved aside: {count} ({reason})")
    if not to_run:
        return lines
    if not found.durations:
        return [*lines, "no estimate, because there are no earlier runs"]
    bases = ", ".join(f"{count} from {basis}" for basis, count in _bases(found).items())
    hours, wall = found.cpu_seconds / 3600, _clock(found.wall_seconds(jobs))
    return [
        *lines,
        f"about {hours:.2g} CPU hours, {wall} with -j {jobs}",
        f"estimated from {len(found.earlier)} earlier runs ({bases})",
    ]


def _bases(found: DryRun) -> dict[str, int]:
    """Count the runs to compute by the kind of earlier runs that their estimate comes from."""
    counts = Counter[str]()
    for cell in found.cells:
        if cell.estimate is not None and cell.to_run:
            counts[cell.estimate.basis] += cell.to_run
    return {basis: counts[basis] for basis in BASES if counts[basis]}


def _clock(seconds: float) -> str:
    """Format seconds as hours, minutes and seconds.

    >>> _clock(3725.4), _clock(9)
    ('1:02:05', '0:00:09')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _content(found: DryRun, directory: Path, jobs: int) -> dict[str, Any]:
    cells = [_row(cell) for cell in found.cells]
    outdated = dict(found.outdated)
    return {
        "directory": str(directory),
        "budget": found.study.budget,
        "caps": dict(found.study.caps),
        "runs": sum(cell.runs for cell in found.cells),
        "done": sum(cell.done for cell in found.cells),
        "to_run": sum(cell.to_run for cell in found.cells),
        "skipped": sum(cell.skipped for cell in found.cells),
        "jobs": jobs,
        "cpu_seconds": found.cpu_seconds,
        "wall_seconds": found.wall_seconds(jobs),
        "estimated_from": len(found.earlier),
        "cells": cells,
        "branches": cells,
        "outdated": outdated,
        "superseded": outdated,
        "first_use": {name: list(lines) for name, lines in found.first_use.items()},
    }


def _row(cell: Cell) -> dict[str, Any]:
    estimate = cell.estimate
    return {
        "problem": cell.problem,
        "algorithm": cell.algorithm,
        "runs": cell.runs,
        "done": cell.done,
        "to_run": cell.to_run,
        "skipped": cell.skipped,
        "reason": cell.reason,
        "seconds_each": None if estimate is None else estimate.seconds,
        "basis": None if estimate is None else estimate.basis,
        "estimated_from": 0 if estimate is None else len(estimate.runs),
    }
