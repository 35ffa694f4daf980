"""Figures of fronts, written to a file. Only the modules in this folder import matplotlib."""

import io
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ParameterError
from ..files.parquet import write_bytes
from ..references import ReferenceFront, load_reference
from ..results import Results
from .panels import Panel, algorithm_names, panels, uses_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 4
SIDE = 3.2  # inches per panel
# Names of algorithms are literal: matplotlib would set `$x$` as a formula, and refuse `$\\x$`.
_STYLE: dict[Any, Any] = {"svg.hashsalt": "fusefront", "font.size": 9, "text.parse_math": False}
# Without dates, the same results give the same file.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"dpi": 200},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
}


def plot_front(
    results: Results,
    path: Path,
    *,
    problems: list[str] | None = None,
    algorithms: list[str] | None = None,
    references: Mapping[str, ReferenceFront] | None = None,
) -> Path:
    """Write a figure of the fronts on test, with one panel per problem.

    Each algorithm is represented by its run of median hypervolume if there are scores, where
    missing runs count as the worst, otherwise by its first seed. The figure states which, and names
    the algorithms that lack runs.

    Args:
        results: With fronts and points, and with scores if they are known.
        path: The figure. Its suffix, one of `FORMATS`, selects the format.
        problems: Names of problems; by default all.
        algorithms: Names or display names of algorithms; by default all.
        references: Reference fronts by problem; by default those that ship with fusefront.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ParameterError(
            f"`path` must end in one of {', '.join(FORMATS)}. Found `{path.name}`."
        )
    shown = panels(results, problems, algorithms)
    if not shown:
        raise ParameterError(
            "`results` must have at least one done run to plot. Found none for these problems "
            "and algorithms. See `fusefront status`."
        )
    fronts = _references(shown, references)
    from matplotlib import rc_context

    text = _explanation(shown, fronts, uses_scores(results))
    with rc_context(_STYLE):
        figure = _figure(shown, algorithm_names(results, algorithms), fronts, text)
        sink = io.BytesIO()
        figure.savefig(sink, format=suffix[1:], **FORMATS[suffix])
    write_bytes(path, sink.getvalue())
    return path


def _references(
    shown: list[Panel], given: Mapping[str, ReferenceFront] | None
) -> dict[str, ReferenceFront]:
    """Return the reference fronts of problems with two tasks; others are not drawn in a plane."""
    planes = [panel.problem for panel in shown if len(panel.tasks) == 2]
    found = {
        problem: (load_reference(problem) if given is None else given.get(problem))
        for problem in planes
    }
    return {problem: front for problem, front in found.items() if front is not None}


def _figure(
    shown: list[Panel], names: list[str], references: Mapping[str, ReferenceFront], text: str
) -> "Figure":
    from matplotlib.figure import Figure

    from .drawing import draw_parallel, draw_plane, legend_handles, styles

    look = styles([name for name in names if any(name in panel.objectives for panel in shown)])
    handles = legend_handles(look, _drawn_anchors(shown), reference=bool(references))
    columns, places = _layout([len(panel.tasks) for panel in shown])
    rows = places[-1][0] + 1
    width = max(SIDE * columns, 4.6)
    longest = max(len(str(handle.get_label())) for handle in handles)
    across = max(1, min(len(handles), int(width / (0.55 + 0.065 * longest))))
    lines = textwrap.wrap(text, int(width * 16))
    around = 0.6 + 0.2 * -(-len(handles) // across) + 0.16 * len(lines)  # legend and explanation
    figure = Figure(figsize=(width, SIDE * rows + around), layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    for panel, (row, start, span) in zip(shown, places, strict=True):
        axes = figure.add_subplot(grid[row, start : start + span])
        if len(panel.tasks) == 2:
            front = references.get(panel.problem)
            draw_plane(axes, panel, look, None if front is None else front.points)
        else:
            draw_parallel(axes, panel, look)
    legend: dict[str, Any] = {"loc": "outside lower center", "frameon": False, "fontsize": 8.5}
    figure.legend(handles=handles, ncols=across, **legend)
    figure.suptitle("\n".join(lines), fontsize=8, color="0.35")
    return figure


def _drawn_anchors(shown: list[Panel]) -> list[str]:
    """Return the kinds of anchors that are drawn; only the average for more than two tasks."""
    drawn = {
        label: None
        for panel in shown
        for label in panel.anchors
        if len(panel.tasks) == 2 or label == "average"
    }
    return list(drawn)


def _layout(n_tasks: list[int]) -> tuple[int, list[tuple[int, int, int]]]:
    """Return the number of columns, and (row, first column, columns) of each panel.

    Problems with more tasks get wider panels. Rows are filled evenly.
    """
    planes = sum(n == 2 for n in n_tasks)
    rows = -(-planes // COLUMNS) or 1
    columns = max(-(-planes // rows), 1 if planes == len(n_tasks) else 2)
    places, row, start = [], 0, 0
    for n in n_tasks:
        span = 1 if n == 2 else 2 if n <= 4 else columns
        if start + span > columns:
            row, start = row + 1, 0
        places.append((row, start, span))
        start += span
    return columns, places


def _explanation(shown: list[Panel], references: Mapping[str, ReferenceFront], scored: bool) -> str:
    seed = (
        "its run of median hypervolume (missing runs count as the worst), or its first seed where "
        "runs have no scores"
    )
    text = f"Test results. Each algorithm is represented by {seed if scored else 'its first seed'}."
    if any(len(panel.tasks) == 2 for panel in shown):
        text += " Lines connect nondominated points; dominated points are faint."
    if any(len(panel.tasks) > 2 for panel in shown):
        text += " With more than two tasks, markers show the most even preference,"
        text += " and bars the range of all points."
    if references:
        text += f" Reference: {', '.join(map(str, references.values()))}."
    return text
