"""Displays of a study while it runs: a tree on a terminal, plain lines elsewhere, or JSON lines."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, TextIO, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from ...results.escape import printable
from ..run.progress import Event, ProblemProgress, Progress, clock

COLOURS: Final = {
    "done": "green",
    "skipped": "yellow",
    "retrying": "yellow",
    "waiting": "yellow",
    "failed": "red",
}
_SHOWN: Final = 3
"""Number of algorithms per problem that are named while they run."""


def say(console: Console, word: str, text: str, *, colour: str = "yellow") -> None:
    """Print one line that starts with a coloured word.

    `text` is printed literally, since names of algorithms contain brackets, which rich would
    otherwise read as markup. It is never wrapped, so that scripts get one line per record.
    """
    console.print(Text.assemble((word, colour), " ", printable(text)), soft_wrap=True)


def count_runs(count: int) -> str:
    """Return `1 run`, `2 runs` and so on."""
    return f"{count} {'run' if count == 1 else 'runs'}"


class Display(ABC):
    """A context that shows the events of a study.

    Args:
        progress: Counts every event that is shown.
        quiet: Problems whose runs are reported elsewhere: they are counted without a line each.
    """

    def __init__(self, progress: Progress, quiet: frozenset[str]) -> None:
        self.progress = progress
        self._quiet = quiet

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *_: object) -> None:  # noqa: B027 - most displays have nothing to restore
        pass

    def show(self, event: Event) -> None:
        """Count an event, and display it unless it is of no interest."""
        self.progress.take(event)
        quiet = event.status == "cached" or event.spec.problem.name in self._quiet
        self._show(event, quiet=quiet)

    @abstractmethod
    def finishing(self) -> None:
        """Acknowledge an interrupt: the current runs finish, and no other run starts."""

    @abstractmethod
    def _show(self, event: Event, *, quiet: bool) -> None:
        """Display an event; `quiet` events need no line."""


@final
class LineDisplay(Display):
    """One line per run that has ended; on a terminal also a tree of the current runs below."""

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
        """Print one line."""
        current = count_runs(self.progress.running)
        say(self._console, "finishing", f"{current} in progress. Press Ctrl-C again to stop now.")

    def _show(self, event: Event, *, quiet: bool) -> None:
        if quiet or event.status == "running":
            return
        spec, progress = event.spec, self.progress
        reason = f": {event.reason}" if event.reason else ""
        run = f"{spec.problem.name} {spec.algorithm.display_name} seed {spec.seed}"
        left = _time_left(progress)
        text = f"{progress.ended}/{progress.total} {run}{reason}{left and f' {left}'}"
        say(self._console, f"{event.status:<8}", text, colour=COLOURS[event.status])

    def _tree(self) -> RenderableType:
        progress = self.progress
        title = f"{progress.ended}/{progress.total} {_time_left(progress)}".rstrip()
        return tree(title, progress.problems, progress.last_error)


@final
class JsonDisplay(Display):
    """One line per event, each a JSON object, for scripts.

    Keys: `event` (running, retrying, waiting, done, cached, skipped, failed), `run_id`, `problem`,
    `algorithm`, `seed`, `reason`, `ended`, `total`, `seconds_left`. An interrupt is an event
    `finishing` with the number of runs that are `running`. Until version 0.1, `retrying` (a worker
    died and its run is computed again) was called `lost`.
    """

    def __init__(
        self, progress: Progress, quiet: frozenset[str], file: TextIO | None = None
    ) -> None:
        super().__init__(progress, quiet)
        self._file = file or sys.stdout

    def finishing(self) -> None:
        """Write an event that belongs to no run."""
        self._write({"event": "finishing", "running": self.progress.running})

    def _show(self, event: Event, *, quiet: bool) -> None:
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
        # Flushed, because a script that follows the run reads from a pipe.
        print(json.dumps(content, ensure_ascii=False), file=self._file, flush=True)


def tree(title: str, problems: Mapping[str, ProblemProgress], last_error: str) -> RenderableType:
    """Return a tree of the unfinished problems with counts and current runs, then the last error.

    Finished problems are left out, so that the tree of a large study fits a screen.
    """
    root = Tree(Text(title, "bold"))
    for problem, progress in problems.items():
        if progress.ended == progress.total:
            continue
        node = root.add(Text(f"{printable(problem)}  {_counts(progress)}"))
        names = list(progress.running.values())
        for name in names[:_SHOWN]:
            node.add(Text(printable(name), "cyan"))
        if len(names) > _SHOWN:
            node.add(Text(f"and {len(names) - _SHOWN} more", "cyan"))
    error = [Text(f"last error: {printable(last_error)}", "red")] if last_error else []
    return Group(root, *error)


def _counts(progress: ProblemProgress) -> str:
    counts = [f"{progress.counts[w]} {w}" for w in ("skipped", "failed") if progress.counts[w]]
    counts += [f"{len(progress.running)} running"] if progress.running else []
    return ", ".join([f"{progress.ended}/{progress.total}", *counts])


def _time_left(progress: Progress) -> str:
    seconds = progress.seconds_left()
    return "" if seconds is None else f"ETA {clock(seconds)}"
