"""What `fusefront info` prints of algorithms, metrics and suites."""

import dataclasses
import inspect
from typing import Any

from ...metrics.base import needs
from ...registry import Entry
from ..study.suites import Suite


def head(kind: str, entry: Entry[Any]) -> str:
    """Name, summary, labels, source."""
    lines = [f"{entry.name} ({kind[:-1]})", f"  {entry.summary}"]
    lines += [f"  {key}: {value}" for key, value in entry.labels.items()]
    lines.append(f"  source: {entry.source or 'not stated'}")
    if entry.file is not None:
        lines.append(f"  file: {entry.file}")
    return "\n".join(lines)


def algorithms(entry: Entry[type]) -> str:
    """Hyper-parameters with defaults, and the docstring that explains them."""
    algorithm = entry.load()
    lines = ["hyper-parameters"]
    lines += [f"  {f.name} = {f.default!r}" for f in dataclasses.fields(algorithm)]
    if len(lines) == 1:
        lines.append("  none")
    return "\n".join([*lines, "", inspect.getdoc(algorithm) or ""])


def metrics(entry: Entry[Any]) -> str:
    """What the metric needs, and its docstring."""
    metric = entry.load()
    wanted = ", ".join(sorted(needs(metric))) or "the points only"
    return f"  needs: {wanted}\n\n{inspect.getdoc(metric) or ''}"


def suites(entry: Entry[Suite]) -> str:
    """Problems, algorithms, seeds, budget."""
    suite = entry.load()
    runs = len(suite.problems) * len(suite.algorithms) * suite.seeds
    seeds = "seed" if suite.seeds == 1 else "seeds"
    return "\n".join(
        [
            f"  {runs} runs: {suite.seeds} {seeds}, {suite.budget or 'no'} units a fit at most",
            f"  problems ({len(suite.problems)}): {', '.join(suite.problems)}",
            f"  algorithms ({len(suite.algorithms)}): {', '.join(suite.algorithms)}",
        ]
    )
