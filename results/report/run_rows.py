"""The table of all runs."""

from collections.abc import Sequence
from typing import Any, Final

from ..results import Results
from ..tables.table import pick
from .safe import number

_COSTS: Final = ("units", "wall_seconds")
_DIGITS: Final = 9  # units are whole numbers


def run_rows(results: Results, metrics: Sequence[str]) -> dict[str, Any]:
    """Return the columns and rows of a table with a row per run.

    Args:
        results: With scores.
        metrics: Whose values are shown, against the first reference of each problem.
    """
    runs = results.runs
    columns = [runs["problem"], runs["display_name"], runs["seed"].astype(int), runs["status"]]
    values = []
    for metric in metrics:
        scores = pick(results.scores_of(metric), None)
        values.append(runs["run_id"].map(scores.set_index("run_id")["value"]))
    values += [runs[name] for name in _COSTS]
    return {
        "columns": ["problem", "algorithm", "seed", "status", *metrics, "units", "wall seconds"],
        "rows": [
            [*own, *(number(value, _DIGITS) for value in more)]
            for own, more in zip(
                zip(*(column.tolist() for column in columns), strict=True),
                zip(*(column.tolist() for column in values), strict=True),
                strict=True,
            )
        ],
    }
