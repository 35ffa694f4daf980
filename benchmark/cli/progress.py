"""Carrying out a study with a display: counts, what runs now, time left."""

import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ...results.render import render
from ...results.results import Results
from ...results.tables import table
from ..runner import Progress, check_study, finish, plan, run_plan
from ..study import RunSpec, Study

ENDED = ("done", "cached", "skipped", "failed")


def show_plan(study: Study, directory: Path) -> None:
    """Print what would run, without running or writing anything."""
    check_study(study)
    for problem in study.problems:
        print(problem)
        for spec in study.algorithms:
            print(f"  |-- {spec.display_name} x {study.seeds}")
    runs = len(study.problems) * len(study.algorithms) * study.seeds
    print(f"{runs} runs of at most {study.budget or 'unlimited'} units, into {directory}")


def carry_out(study: Study, directory: Path, *, jobs: int) -> int:
    """Run a study with a display; the exit status: 0 all there, 1 a run failed, 130 interrupted."""
    console = Console(stderr=True)
    planned = plan(study, directory)
    for path in planned.set_aside:
        console.print(f"[yellow]set aside[/] damaged {path}; it is computed anew")
    display = _Display(console, planned.specs, cached=len(planned.finished))
    try:
        with display, closing(run_plan(planned, directory, jobs=jobs)) as events:
            for event in events:
                display.show(event)
    except KeyboardInterrupt:
        console.print(
            f"[yellow]interrupted[/]: {display.counts['done']} runs done and kept. "
            "The same command goes on from here."
        )
        return 130
    _summarise(finish(directory), directory, display.counts)
    return 1 if display.counts["failed"] else 0


def _summarise(results: Results, directory: Path, counts: Counter[str]) -> None:
    if (results.runs["status"] == "done").any():
        print(render(table(results, "hypervolume", direction="maximise"), "text"))
    print(", ".join(f"{counts[word]} {word}" for word in ENDED))
    print(f"results: {directory} (tables/*.parquet; `fusefront table {directory}`)")


@final
class _Display:
    """A bar on a terminal; plain lines elsewhere."""

    def __init__(self, console: Console, specs: tuple[RunSpec, ...], *, cached: int) -> None:
        self.counts: Counter[str] = Counter()
        self._console = console
        self._total = len(specs)
        self._to_compute = len(specs) - cached
        self._running: dict[str, RunSpec] = {}
        self._begun = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("planning", total=self._total, left="")

    def __enter__(self) -> "_Display":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Progress) -> None:
        """Take in what happened."""
        self.counts[event.status] += 1
        if event.status == "running":
            self._running[event.spec.run_id] = event.spec
        else:
            self._running.pop(event.spec.run_id, None)
            if event.status != "cached":
                self._line(event)
        now = ", ".join(f"{s.problem} {s.algorithm.display_name}" for s in self._running.values())
        ended = sum(self.counts[word] for word in ENDED)
        self._bar.update(self._task, completed=ended, description=now, left=self._left())

    def _line(self, event: Progress) -> None:
        colour = {"done": "green", "skipped": "yellow", "failed": "red"}[event.status]
        spec = event.spec
        ended = sum(self.counts[word] for word in ENDED)
        reason = f": {event.reason}" if event.reason else ""
        self._console.print(
            f"[{colour}]{event.status:<7}[/] {ended}/{self._total} {spec.problem} ",
            f"{spec.algorithm.display_name} seed {spec.repetition}{reason} {self._left()}",
            sep="",
            markup=True,
            highlight=False,
            soft_wrap=True,
        )

    def _left(self) -> str:
        computed = sum(self.counts[word] for word in ENDED if word != "cached")
        if not computed:
            return ""
        seconds = (time.monotonic() - self._begun) / computed * (self._to_compute - computed)
        minutes, rest = divmod(round(seconds), 60)
        return f"ETA {minutes}:{rest:02d}"
