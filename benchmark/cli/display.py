"""Displays of a study under way: a tree on a terminal, plain lines elsewhere, or JSON lines."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TextIO, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from ..run.progress import Event, ProblemProgress, Progress, clock

_COLOURS = {"done": "green", "skipped": "yellow", "retrying": "yellow", "failed": "red"}
_SHOWN = 3
"""Algorithms of a problem that are named while they run."""


def say(console: Console, word: str, text: str, *, colour: str = "yellow") -> None:
    """A line that starts with a coloured word; `text` is printed as it is, brackets and all."""
    console.print(Text.assemble((word, colour), " ", text), soft_wrap=True)


class Display(ABC):
    """Shows the events of a study; a context while they come.

    Args:
        progress: Has taken in every event that is shown.
        quiet: Problems whose runs are told of otherwise.
    """

    def __init__(self, progress: Progress, quiet: frozenset[str]) -> None:
        self.progress = progress
        self._quiet = quiet

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *_: object) -> None:  # noqa: B027 - most have nothing to put back
        pass

    def show(self, event: Event) -> None:
        """Count an event, and tell it unless nobody needs to know."""
        self.progress.take(event)
        self._tell(event, quiet=event.status == "cached" or event.spec.problem.name in self._quiet)

    @abstractmethod
    def finishing(self) -> None:
        """Say that an interrupt was heard."""

    @abstractmethod
    def _tell(self, event: Event, *, quiet: bool) -> None:
        """Tell of an event."""


@final
class LineDisplay(Display):
    """A line for each run that ended; on a terminal, under them a tree of what is going on."""

    def __init__(self, progress: Progress, quiet: frozenset[str], console: Console) -> None:
        super().__init__(progress, quiet)
        self._console = console
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=4, get_renderable=self._tree)

    def __enter__(self) -> "LineDisplay":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def finishing(self) -> None:
        """On a line."""
        count = self.progress.running
        runs = f"{count} {'run' if count == 1 else 'runs'} under way."
        say(self._console, "finishing", f"{runs} Press Ctrl-C again to stop now.")

    def _tell(self, event: Event, *, quiet: bool) -> None:
        if quiet or event.status == "running":
            return
        spec, progress = event.spec, self.progress
        reason = f": {event.reason}" if event.reason else ""
        run = f"{spec.problem.name} {spec.algorithm.display_name} seed {spec.seed}"
        left = _left(progress)
        text = f"{progress.ended}/{progress.total} {run}{reason}{left and f' {left}'}"
        say(self._console, f"{event.status:<7}", text, colour=_COLOURS[event.status])

    def _tree(self) -> RenderableType:
        progress = self.progress
        title = f"{progress.ended}/{progress.total} {_left(progress)}".rstrip()
        return tree(title, progress.problems, progress.last_error)


@final
class JsonDisplay(Display):
    """One JSON object a line and event, for scripts.

    Keys: `event` (running, lost, done, cached, skipped, failed), `run_id`, `problem`, `algorithm`,
    `seed`, `reason`, `ended`, `total`, `seconds_left`.
    """

    def __init__(
        self, progress: Progress, quiet: frozenset[str], file: TextIO | None = None
    ) -> None:
        super().__init__(progress, quiet)
        self._file = file or sys.stdout

    def finishing(self) -> None:
        """As an event without a run."""
        self._write({"event": "finishing", "running": self.progress.running})

    def _tell(self, event: Event, *, quiet: bool) -> None:
        spec = event.spec
        self._write(
            {
                "event": event.status,
                "run_id": spec.run_id,
                "problem": spec.problem.name,
                "algorithm": spec.algorithm.display_name,
                "seed": spec.seed,
                "reason": event.reason,
                "ended": self.progress.ended,
                "total": self.progress.total,
                "seconds_left": self.progress.seconds_left(),
            }
        )

    def _write(self, content: dict[str, object]) -> None:
        print(json.dumps(content, ensure_ascii=False), file=self._file, flush=True)


def tree(title: str, branches: Mapping[str, ProblemProgress], last_error: str) -> RenderableType:
    """Problems that are not over, with their counts and what runs of them; then the last error."""
    root = Tree(Text(title, "bold"))
    for problem, branch in branches.items():
        if branch.ended == branch.total:
            continue
        node = root.add(Text(f"{problem}  {_counts(branch)}"))
        names = list(branch.running.values())
        for name in names[:_SHOWN]:
            node.add(Text(name, "cyan"))
        if len(names) > _SHOWN:
            node.add(Text(f"and {len(names) - _SHOWN} more", "cyan"))
    error = [Text(f"last error: {last_error}", "red")] if last_error else []
    return Group(root, *error)


def _counts(branch: ProblemProgress) -> str:
    told = [f"{branch.counts[w]} {w}" for w in ("skipped", "failed") if branch.counts[w]]
    told += [f"{len(branch.running)} running"] if branch.running else []
    return ", ".join([f"{branch.ended}/{branch.total}", *told])


def _left(progress: Progress) -> str:
    seconds = progress.seconds_left()
    return "" if seconds is None else f"ETA {clock(seconds)}"
