"""The state of a run directory, followed from any terminal or machine that sees it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from ...results.status import status_of
from ...results.store import part_ids
from ..claims import claimed
from ..planned import read_planned

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
    """What is known of a directory; parts are opened once, when they appear."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
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
        again = {i for i in self._running if i in self._ended}  # a failed run that is tried again
        for run_id in again:
            del self._ended[run_id]
        for run_id in sorted(there & names.keys() - self._ended.keys() - self._running):
            word, reason = self._ended[run_id] = status_of(self._directory, run_id)
            if word == "failed":
                self._last_error = f"{names[run_id]}: {reason}"

    def tree(self) -> RenderableType:
        """Problems with their counts, and what runs of them."""
        done = sum(run_id in self._ended for run_id, *_ in self._planned)
        root = Tree(Text(f"{self._directory}  {done}/{len(self._planned)}", "bold"))
        for problem in dict.fromkeys(problem for _, problem, *_ in self._planned):
            rows = [row for row in self._planned if row[1] == problem]
            node = root.add(Text(f"{problem}  {self._counts([row[0] for row in rows])}"))
            for run_id, _, name, seed in rows:
                if run_id in self._running:
                    node.add(Text(f"{name} seed {seed}", "cyan"))
        error = [Text(f"last error: {self._last_error}", "red")] if self._last_error else []
        return Group(root, *error)

    def _counts(self, run_ids: Sequence[str]) -> str:
        words = [self._ended[run_id][0] for run_id in run_ids if run_id in self._ended]
        told = [f"{words.count(w)} {w}" for w in ("skipped", "failed") if w in words]
        running = sum(run_id in self._running for run_id in run_ids)
        told += [f"{running} running"] if running else []
        return ", ".join([f"{len(words)}/{len(run_ids)}", *told])
