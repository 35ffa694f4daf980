"""Why results have no scores of a metric, in words."""

from typing import Any

from ...entry import Entry
from ...errors import ParameterError
from ...metrics.base import NEEDS, Metric, needs
from ...results.results import Results
from .scores import missing_inputs


def no_scores(results: Results, entry: Entry[Metric], source: str) -> ParameterError:
    """Return the error for a metric of which no run has a score.

    Args:
        results: Without scores of the metric.
        entry: The metric.
        source: What the results were loaded from.
    """
    return ParameterError(
        f"`--metric {entry.name}` must have what it needs in `{source}`. "
        f"Found {_found(results, entry)}. Choose another metric."
    )


def _found(results: Results, entry: Entry[Any]) -> str:
    if not (results.runs["status"] == "done").any():
        return "no run that is done"
    missing = missing_inputs(results, needs(entry.load()))
    if missing:
        return "no run with " + ", or with ".join(NEEDS[name] for name in missing)
    return f"no run for which it is defined (see `fusefront info {entry.name}`)"
