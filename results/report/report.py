"""Writes the report of results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ...errors import ParameterError
from ..escape import printable
from ..files.parquet import write_bytes
from ..plots.options import Options
from ..plots.values import UTILITY, direction_of
from ..results import Results
from ..tables.leaderboard import Labels, leaderboard
from .conditions import conditions, failures, provenance, references
from .figure_data import figure_data
from .page import Content, render_page
from .run_rows import run_rows
from .summary import summary

SUFFIX: Final = ".html"
BESIDE: Final = "hypervolume"
"""What the leaderboard shows beside the metric, if there are values."""


def write_report(
    results: Results,
    path: Path,
    *,
    source: str,
    labels: Labels,
    selection: Sequence[str] = (),
    metric: str = UTILITY,
) -> Path:
    """Write a page that needs no other file and no network.

    Args:
        results: With scores and at least one done run.
        path: A file that ends in `.html`.
        source: Where the results come from, as on the command line: a run directory, an archive,
            a single file or `NAME!`.
        labels: Labels of algorithms by name.
        selection: Options that selected these results from the source, as on the command line.
        metric: The metric that ranks the algorithms.

    Raises:
        ParameterError: If the file does not end in `.html`, or no run is done.
        UnknownNameError: If no metric has this name.
    """
    check_suffix(path)
    if not (results.runs["status"] == "done").any():
        raise ParameterError(
            "`results` must have at least one done run to report. Found none. "
            "See `fusefront status`."
        )
    page = render_page(_content(results, source, labels, selection, metric))
    write_bytes(path, page.encode())
    return path


def check_suffix(path: Path) -> None:
    """Raise `ParameterError` if a file does not end in `.html`."""
    if path.suffix.lower() != SUFFIX:
        raise ParameterError(
            f"`--output` must end in {SUFFIX}. Found `{path.name}`. Use for example `report.html`."
        )


def _content(
    results: Results, source: str, labels: Labels, selection: Sequence[str], metric: str
) -> Content:
    direction = direction_of(metric)
    systems = frozenset(n for n, own in labels.items() if own.get("delivery") == "system")
    beside = [BESIDE] if metric != BESIDE and not results.scores_of(BESIDE).empty else []
    board = leaderboard(results, metric, direction=direction, labels=labels, top=None, also=beside)
    data = figure_data(results, Options(metric=metric, systems=systems))
    scores = pd.concat([results.scores_of(name) for name in (metric, *beside)])
    return Content(
        title=f"Results of {printable(source)}",
        summary=summary(results, board, metric, direction=direction, labels=labels),
        caption=str(board.attrs["caption"]),
        data=data
        | {
            "source": source,
            "selection": list(selection),
            "board": _board(board),
            "runs": run_rows(results, [metric, *beside]),
        },
        sections={
            "conditions": conditions(results),
            "failures": failures(results),
            "provenance": provenance(results, source),
            "references": references(scores),
        },
    )


def _board(board: pd.DataFrame) -> dict[str, Any]:
    worse = {name for name, _ in board.attrs["worse"]}
    return {
        "columns": ["algorithm", *map(str, board.columns)],
        "rows": [
            [str(name), *map(str, values)]
            for name, values in zip(board.index, board.to_numpy(), strict=True)
        ],
        "worse": [str(name) for name in board.index if name in worse],
    }
