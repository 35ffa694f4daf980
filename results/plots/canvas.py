"""The frame of every figure: its size, panels, title, and a legend below them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..escape import printable
from ..results import Results
from .options import Options
from .style import FAINT, LARGE, SIZE, SMALL, Look
from .systems import systems_of
from .text import fitted, width_of, wrapped

if TYPE_CHECKING:
    import pandas as pd

POINTS: Final = 72
PER_ROW: Final = {"column": 2, "full": 4}
"""Most panels side by side."""
TALLEST: Final = 2.6
"""Inches: the greatest height of a panel, unless a kind needs more."""
HANDLE = 3.6  # widths of an em that the line, its gaps and the column gap of a legend take


def panels_of(
    count: int,
    options: Options,
    *,
    ratio: float = 0.8,
    per_row: int | None = None,
    projection: str | None = None,
    share: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels in rows of equal length.

    Args:
        count: Number of panels.
        options: With the width.
        ratio: Height of a panel divided by its width.
        per_row: Most panels side by side; by default `PER_ROW`.
        projection: As in matplotlib.
        share: Whether all panels have the same axes, which only the outer ones then label.
    """
    rows = -(-count // (per_row or PER_ROW[options.width]))
    columns = -(-count // rows)
    height = min(options.inches / columns * ratio, TALLEST)
    figure = Figure(figsize=(options.inches, rows * height), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03)
    kwargs: dict[str, Any] = {"subplot_kw": {"projection": projection}, "squeeze": False}
    grid = figure.subplots(rows, columns, sharex=share, sharey=share, **kwargs)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def panel_points(axes: Axes, options: Options) -> float:
    """Return the width in points of the column of a panel."""
    spec: Any = axes.get_subplotspec()
    return float(options.inches * POINTS / spec.get_gridspec().ncols)


def name_panel(axes: Axes, text: str, options: Options) -> None:
    """Write the title of a panel, shortened to its width."""
    axes.set_title(fitted(text, SIZE, 0.65 * panel_points(axes, options)), fontweight="normal")


def few_ticks(axes: Axes, most: int = 4) -> None:
    """Leave few ticks on linear axes, so that their labels stay apart."""
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "linear":
            axis.set_major_locator(MaxNLocator(most))


def finish(figure: Figure, options: Options, title: str, handles: Sequence[Line2D] = ()) -> Figure:
    """Add title and legend, and as much height as they take; return the figure."""
    points = options.inches * POINTS
    lines = wrapped(title, LARGE, 0.96 * points)
    figure.suptitle("\n".join(lines), fontsize=LARGE)
    extra = 1.3 * LARGE * len(lines) + 4
    if handles:
        for handle in handles:
            handle.set_label(fitted(str(handle.get_label()), SMALL, points - 6 * SMALL))
        widest = max(width_of(str(handle.get_label()), SMALL) for handle in handles)
        columns = max(1, min(len(handles), int(points // (widest + HANDLE * SMALL + 4))))
        columns = -(-len(handles) // -(-len(handles) // columns))
        figure.legend(
            handles=list(handles),
            ncols=columns,
            loc="outside lower center",
            frameon=False,
            handlelength=2.2,
            handletextpad=0.5,
            columnspacing=0.9,
            borderpad=0.2,
            labelspacing=0.35,
        )
        extra += 1.45 * SMALL * -(-len(handles) // columns) + 8
    figure.set_figheight(figure.get_figheight() + extra / POINTS)
    return figure


def handles_of(
    look: Mapping[str, Look],
    labels: Mapping[str, str],
    others: int,
    *,
    line: bool = True,
    marker: bool = True,
) -> list[Line2D]:
    """Return the handles of the highlighted algorithms, and one for all others.

    Args:
        look: The highlighted algorithms.
        labels: What to call them; see `labels_of`.
        others: How many others the figure has.
        line: Whether the figure has lines.
        marker: Whether it has markers.
    """
    handles = [
        Line2D(
            [],
            [],
            color=one.colour,
            linestyle=one.dashes if line else "",
            marker=one.marker if marker else "",
            markeredgecolor="white",
            markeredgewidth=0.3,
            markersize=4.5,
            label=labels[name],
        )
        for name, one in look.items()
    ]
    if others:
        style: dict[str, Any] = {"linestyle": "-"} if line else {"linestyle": "", "marker": "."}
        text = f"{others} {'other' if others == 1 else 'others'}"
        handles.append(Line2D([], [], color=FAINT, label=text, **style))
    return handles


def labels_of(results: Results, options: Options) -> dict[str, str]:
    """Return what figures call each algorithm: its display name, marked if it is a system."""
    systems = systems_of(results, options)
    return {
        name: f"{printable(name)} (system)" if name in systems else printable(name)
        for name in results.runs["display_name"].unique()
    }


def counted(text: str, rows: "pd.DataFrame", note: str = "") -> str:
    """Return a title that ends in the numbers of problems and seeds.

    Args:
        text: What the figure shows.
        rows: The runs that it shows, with `problem` and `seed`.
        note: What else a reader must know.
    """
    problems, seeds = rows["problem"].nunique(), rows["seed"].nunique()
    parts = [
        f"{problems}\N{NO-BREAK SPACE}{'problem' if problems == 1 else 'problems'}",
        f"{seeds}\N{NO-BREAK SPACE}{'seed' if seeds == 1 else 'seeds'}",
        *([note] if note else []),
    ]
    return f"{text} ({', '.join(parts)})"
