"""What `fusefront info` prints of algorithms, metrics and suites."""

import inspect
import textwrap
from typing import Any, Final

from ...metrics.base import needs
from ...registry import Entry
from ..study.parameters import bound_parts, hyper_parameters, without_arguments
from ..study.suites import Suite

_DEEP: Final = " " * 6


def head(kind: str, entry: Entry[Any]) -> str:
    """Name, summary, labels, source."""
    lines = [f"{entry.name} ({kind[:-1]})", f"  {entry.summary}"]
    lines += [f"  {key}: {value}" for key, value in entry.labels.items()]
    lines.append(f"  source: {entry.source or 'not stated'}")
    if entry.file is not None:
        lines.append(f"  file: {entry.file}")
    return "\n".join(lines)


def algorithms(entry: Entry[type]) -> str:
    """Hyper-parameters with defaults and descriptions, and the docstring of the class."""
    lines = ["hyper-parameters"]
    for parameter in hyper_parameters(entry):
        lines.append(f"  {parameter.name} = {parameter.default!r}")
        lines += textwrap.wrap(
            parameter.description, 88, initial_indent=_DEEP, subsequent_indent=_DEEP
        )
    if len(lines) == 1:
        lines.append("  none")
    return "\n".join([*lines, "", *_explained(entry)])


def _explained(entry: Entry[type]) -> list[str]:
    """The docstrings of the class and of the parts that the entry chooses."""
    parts = [f"{choice}: {text}" for choice, text in bound_parts(entry).items()]
    return ["\n\n".join([without_arguments(entry.load().__doc__ or ""), *parts])]


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
