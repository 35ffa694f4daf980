"""`fusefront status`: the state of a run directory, once or while it changes."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, final

import typer

from .app import AsJson, app, terminal

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

INTERVAL: Final = 2.0
"""Seconds between two readings of the directory."""


@app.command()
def status(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="The directory of a `fusefront run`.")
    ],
    watch: Annotated[
        bool, typer.Option("--watch", help="Show a live tree until every run has ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count the runs that are done, failed, skipped, missing and running.

    The directory is only read, so this also works from another terminal or machine while a study
    runs. The exit status is 1 if a run is failed or missing.

    Examples:
    - `fusefront status runs/smoke`
    - `fusefront status runs/smoke --watch`
    """
    from ...results.directory.planned import count_statuses as count
    from ...results.directory.planned import read_planned
    from ...results.directory.snapshot import Snapshot
    from ..run.leases import leased

    if watch:
        _watch(directory)
    planned, running = read_planned(directory), set(leased(directory))
    frame = count(Snapshot(directory), planned)
    totals = frame[["done", "failed", "skipped", "missing"]].sum()
    totals["running"] = sum(run_id in running for run_id, *_ in planned)
    if as_json:
        print(json.dumps({"totals": totals.to_dict(), "rows": frame.to_dict("records")}))
    else:
        _print(frame)
        print("  ".join(f"{word}: {count}" for word, count in totals.items()))
    raise typer.Exit(1 if totals["failed"] or totals["missing"] else 0)


def _print(frame: "pd.DataFrame") -> None:
    from ...results.escape import printable

    frame = frame.map(lambda cell: printable(cell) if isinstance(cell, str) else cell)
    console = terminal()
    if console is None:
        print(frame.to_string(index=False))
        return
    from rich.table import Table
    from rich.text import Text

    from .display import COLOURS

    table = Table(box=None, header_style="bold")
    for name in frame:
        numeric = frame[name].dtype.kind in "if"
        table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in frame.to_dict("records"):
        # A zero is dimmed, so that the eye finds the runs that failed or are missing.
        styles = [("dim" if v == 0 else COLOURS.get(str(k), "")) for k, v in row.items()]
        table.add_row(*(Text(str(v), s) for v, s in zip(row.values(), styles, strict=True)))
    console.print(table)


def _watch(directory: Path) -> None:
    """Show a tree of the problems until every run has ended.

    Raises:
        StoreError: If the directory was not created by `fusefront run`.
    """
    from rich.console import Console
    from rich.live import Live

    watched = WatchedDirectory(directory)
    with Live(watched.tree(), console=Console(stderr=True), auto_refresh=False) as live:
        while not watched.complete:
            time.sleep(INTERVAL)
            watched.update()
            live.update(watched.tree(), refresh=True)


@final
class WatchedDirectory:
    """The state of a run directory that other processes write to.

    Reading a part is slow on a network file system, so each one is opened once: what the compacted
    tables contain is taken from there, and what has ended is remembered.
    """

    def __init__(self, directory: Path) -> None:
        from ...results.directory.planned import run_statuses
        from ...results.directory.snapshot import Snapshot

        self._directory = directory
        snapshot = Snapshot(directory)
        self._known = {
            i: end for i, end in run_statuses(snapshot).items() if i not in snapshot.damaged
        }
        self._ended: dict[str, tuple[str, str]] = {}
        self._planned: Sequence[tuple[str, str, str, int]] = ()
        self._running: frozenset[str] = frozenset()
        self._last_error = ""
        self.update()

    @property
    def complete(self) -> bool:
        """True once every planned run has ended."""
        return all(run_id in self._ended for run_id, *_ in self._planned)

    def update(self) -> None:
        """Read the directory again."""
        from ...results.directory.parts import part_ids
        from ...results.directory.planned import read_planned, run_status
        from ...results.files.parquet import DamagedFileError
        from ..run.leases import leased

        self._planned = read_planned(self._directory)
        self._running = frozenset(leased(self._directory))
        names = {run_id: f"{problem} {name}" for run_id, problem, name, _ in self._planned}
        present = set(part_ids(self._directory))
        for run_id in self._running:  # a run that had failed may be running again
            self._ended.pop(run_id, None)
            self._known.pop(run_id, None)
        for run_id in sorted(present & names.keys() - self._ended.keys() - self._running):
            try:
                known = self._known.pop(run_id, None)
                word, reason = known or run_status(self._directory, run_id)
            except DamagedFileError:
                continue  # the next `fusefront run` sets it aside
            self._ended[run_id] = (word, reason)
            if word == "failed":
                self._last_error = f"{names[run_id]}: {reason}"

    def tree(self) -> "RenderableType":
        """Return the unfinished problems with their counts and current runs."""
        from ..run.progress import ProblemProgress
        from .display import tree

        problems: dict[str, ProblemProgress] = {}
        for run_id, problem, name, seed in self._planned:
            progress = problems.setdefault(problem, ProblemProgress())
            progress.total += 1
            if run_id in self._ended:
                progress.counts[self._ended[run_id][0]] += 1
            if run_id in self._running:
                progress.running[run_id] = f"{name} seed {seed}"
        ended = sum(progress.ended for progress in problems.values())
        title = f"{self._directory}  {ended}/{len(self._planned)}"
        return tree(title, problems, self._last_error)
