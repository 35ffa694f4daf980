"""The state of a run directory, followed from any terminal or machine that sees it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from rich.console import Console, RenderableType
from rich.live import Live

from ...results.directory.parts import part_ids
from ...results.directory.planned import read_planned
from ...results.directory.snapshot import Snapshot
from ...results.directory.status import run_status, run_statuses
from ...results.files.parquet import DamagedFileError
from ..run.leases import claimed
from ..run.progress import Branch
from .display import tree

EVERY: Final = 2.0
"""Seconds between two looks."""


def watch(directory: Path) -> None:
    """Show a tree of the problems until every run has ended, or an interrupt.

    Raises:
        StoreError: If the directory was not made by `fusefront run`.
    """
    look = Look(directory)
    console = Console(stderr=True)
    with Live(look.tree(), console=console, auto_refresh=False) as live:
        while not look.over:
            time.sleep(EVERY)
            look.again()
            live.update(look.tree(), refresh=True)


@final
class Look:
    """What is known of a directory; parts that are not compacted are opened once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        survey = Snapshot(directory)
        ended = run_statuses(survey)
        self._known = {i: told for i, told in ended.items() if i not in survey.damaged}
        self._ended: dict[str, tuple[str, str]] = {}
        self._planned: Sequence[tuple[str, str, str, int]] = ()
        self._running: frozenset[str] = frozenset()
        self._last_error = ""
        self.again()

    @property
    def over(self) -> bool:
        """Whether every planned run has ended."""
        return all(run_id in self._ended for run_id, *_ in self._planned)

    def again(self) -> None:
        """Look what is there now."""
        self._planned = read_planned(self._directory)
        self._running = frozenset(claimed(self._directory))
        names = {run_id: f"{problem} {name}" for run_id, problem, name, _ in self._planned}
        there = set(part_ids(self._directory))
        for run_id in self._running:  # perhaps a failed one that is tried again
            self._ended.pop(run_id, None)
            self._known.pop(run_id, None)
        for run_id in sorted(there & names.keys() - self._ended.keys() - self._running):
            try:
                known = self._known.pop(run_id, None)
                word, reason = known or run_status(self._directory, run_id)
            except DamagedFileError:
                continue  # the next `fusefront run` sets it aside
            self._ended[run_id] = (word, reason)
            if word == "failed":
                self._last_error = f"{names[run_id]}: {reason}"

    def tree(self) -> RenderableType:
        """Problems with their counts, and what runs of them."""
        branches: dict[str, Branch] = {}
        for run_id, problem, name, seed in self._planned:
            branch = branches.setdefault(problem, Branch())
            branch.total += 1
            if run_id in self._ended:
                branch.counts[self._ended[run_id][0]] += 1
            if run_id in self._running:
                branch.running[run_id] = f"{name} seed {seed}"
        ended = sum(branch.ended for branch in branches.values())
        title = f"{self._directory}  {ended}/{len(self._planned)}"
        return tree(title, branches, self._last_error)
