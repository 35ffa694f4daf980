"""Carrying out a study with a display: counts, what runs now, time left."""

import shutil
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path

from rich.console import Console

from ...results.results import Results
from ...results.tables.render import render
from ...results.tables.table import table
from ..history import History
from ..run.execute import execute
from ..run.executors import Start, processes
from ..run.plan import Plan, finish, plan
from ..run.progress import ENDED, Progress, expected_seconds
from ..study.study import Study
from .display import Display, JsonDisplay, LineDisplay, say
from .interrupts import stopping_in_order


def carry_out(
    study: Study, directory: Path, *, jobs: int, executor: Start = processes, as_json: bool = False
) -> int:
    """Run a study with a display: on standard error, or as JSON lines on standard output.

    The exit status: 0 all there, 1 a run failed or a problem lacks its data, 130 interrupted.
    """
    console = Console(stderr=True)
    planned = plan(study, directory, report=partial(say, console, "preparing"))
    _tell_plan(planned, console)
    progress = Progress(planned.specs, _expected(planned, directory), jobs)
    quiet = frozenset(planned.unavailable)
    display = JsonDisplay(progress, quiet) if as_json else LineDisplay(progress, quiet, console)
    if not _carried_out(planned, directory, display, jobs=jobs, executor=executor):
        kept = f"{_runs(progress.counts['done'])} done and kept."
        say(console, "interrupted", f"{kept} The same command goes on from here.")
        return 130
    results = finish(directory)
    if not as_json:
        _summarise(results, directory, progress.counts)
    return 1 if progress.counts["failed"] or planned.unavailable else 0


def _expected(planned: Plan, directory: Path) -> dict[str, float]:
    pending = [spec for spec in planned.specs if spec.run_id not in planned.finished]
    return expected_seconds(pending, History(directory, planned.snapshot)) if pending else {}


def _tell_plan(planned: Plan, console: Console) -> None:
    for reason, names in _by_reason(planned.unavailable).items():
        say(console, "skipped", f"{_few(names)}: {reason}")
    for path in planned.set_aside:
        say(console, "set aside", f"damaged {path}; it is computed anew")
    if planned.outdated:
        moved = f"{_runs(len(planned.outdated))} to {planned.outdated[0].parent}, since"
        say(console, "moved", f"{moved} the study no longer has them as they were computed")
    for reason, count in planned.reasons.items():
        say(console, "moved", f"{_runs(count)}: {reason}")


def _carried_out(
    planned: Plan, directory: Path, display: Display, *, jobs: int, executor: Start
) -> bool:
    """Whether all was carried out; not so after an interrupt."""
    with stopping_in_order(display.finishing) as stopping:
        events = execute(planned, directory, jobs=jobs, executor=executor, stopping=stopping)
        try:
            with display, closing(events):
                for event in events:
                    display.show(event)
        except KeyboardInterrupt:
            return False
    return display.progress.ended == display.progress.total


def _runs(count: int) -> str:
    return f"{count} {'run' if count == 1 else 'runs'}"


def _by_reason(unavailable: dict[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, reason in unavailable.items():
        reasons.setdefault(reason, []).append(name)
    return reasons


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _summarise(results: Results, directory: Path, counts: Counter[str]) -> None:
    if (results.runs["status"] == "done").any():
        frame = table(results, "hypervolume", direction="maximise")
        print(render(frame, width=shutil.get_terminal_size((100, 24)).columns))
    print(", ".join(f"{counts[word]} {word}" for word in ENDED))
    print(f"results: {directory} (tables/*.parquet; `fusefront table {directory}`)")
