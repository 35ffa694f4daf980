"""Drawing of one problem: two objectives in a plane, three or more side by side."""

import textwrap
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ...metrics.nondominated import nondominated
from ..escape import printable
from .panels import Array, Panel

LIMIT = 2.0  # larger objectives are counted, not drawn: one bad point would flatten all others
NOTE_WIDTH = 46  # characters, within the narrowest panel
GREY, LIGHT = "0.45", "0.88"

# Colours that colour-blind readers can distinguish: Okabe and Ito without yellow, then three of
# Tol. 10 colours and 11 markers have no common factor, so that pairs repeat only after 110.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#882255", "#999933", "#332288"),
)
MARKERS = "os^DvPX<>ph"
ANCHORS: dict[str, dict[str, Any]] = {
    "pretrained": {"marker": "x", "s": 42, "linewidths": 1.6},
    "average": {"marker": "+", "s": 52, "linewidths": 1.6},
    "expert": {"marker": "*", "s": 62, "linewidths": 0},
}
REFERENCE: dict[str, Any] = {"color": "0.7", "linewidth": 2.4, "solid_joinstyle": "miter"}


class Style(NamedTuple):
    """Colour, marker and line style of an algorithm."""

    colour: str
    marker: str
    line: Literal["-", "--"]


def styles(names: Sequence[str]) -> dict[str, Style]:
    """Return a style per algorithm, which is the same in every panel."""
    return {
        name: Style(
            COLOURS[i % len(COLOURS)],
            MARKERS[i % len(MARKERS)],
            "--" if i // len(COLOURS) % 2 else "-",
        )
        for i, name in enumerate(names)
    }


def draw_plane(
    axes: Axes, panel: Panel, look: dict[str, Style], reference: Array | None = None
) -> None:
    """Draw two objectives: nondominated points on a step line, dominated ones faint."""
    axes.set_box_aspect(1)
    _decorate(axes, panel)
    if panel.anchors:
        for line in (axes.axhline, axes.axvline):
            line(0, color=LIGHT, linewidth=0.9, zorder=0)
            line(1, color=LIGHT, linewidth=0.9, zorder=0)
    if reference is not None:
        front = reference[np.argsort(reference[:, 0], kind="stable")]
        axes.step(front[:, 0], front[:, 1], where="post", zorder=1, **REFERENCE)
    for label, points in panel.anchors.items():
        axes.scatter(points[:, 0], points[:, 1], color=GREY, zorder=2, **ANCHORS[label])
    for name, objectives in panel.objectives.items():
        _draw_front(axes, objectives, look[name])
    shown = [*panel.objectives.values(), *panel.anchors.values()]
    shown += [] if reference is None else [reference]
    limits = _limits(np.concatenate(shown), normalised=bool(panel.anchors))
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    _label(axes.set_xlabel, panel, panel.tasks[0])
    _label(axes.set_ylabel, panel, panel.tasks[1])


def draw_parallel(axes: Axes, panel: Panel, look: dict[str, Style]) -> None:
    """Draw three or more objectives: markers at the most even preference, bars over the range."""
    _decorate(axes, panel)
    places = np.arange(len(panel.tasks))
    for place in places[::2]:
        axes.axvspan(place - 0.5, place + 0.5, color="0.965", linewidth=0, zorder=-1)
    if panel.anchors:
        axes.axhline(0, color="0.8", linewidth=0.9, zorder=0)
        axes.axhline(1, color="0.8", linewidth=0.9, zorder=0)
        for points in panel.anchors["average"]:
            axes.scatter(places, points, color=GREY, zorder=2, **ANCHORS["average"])
    width = 0.76 / len(panel.objectives)
    for i, (name, objectives) in enumerate(panel.objectives.items()):
        x = places + (i - (len(panel.objectives) - 1) / 2) * width
        colour, marker, line = look[name]
        axes.vlines(
            x, objectives.min(axis=0), objectives.max(axis=0), color=colour, alpha=0.4, linewidth=3
        )
        even = objectives[panel.even[name]]
        axes.plot(x, even, line, color=colour, alpha=0.35, linewidth=0.8, zorder=2)
        axes.scatter(
            x, even, color=colour, marker=marker, s=28, edgecolors="white", linewidths=0.5, zorder=3
        )
    shown = [*panel.objectives.values(), *panel.anchors.values()]
    heights = np.concatenate([points.ravel() for points in shown])[:, None]
    axes.set_ylim(*_limits(heights, normalised=bool(panel.anchors))[0])
    axes.set_xlim(-0.5, len(panel.tasks) - 0.5)
    axes.set_xticks(
        places,
        [printable(task) for task in panel.tasks],
        rotation=20 if len("".join(panel.tasks)) > 70 else 0,
    )
    axes.grid(visible=False, axis="x")
    _label(axes.set_ylabel, panel, "")


def legend_handles(look: dict[str, Style], anchors: Sequence[str], reference: bool) -> list[Line2D]:
    """Return the handles of the shared legend: algorithms, then anchors and reference front."""
    edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.5, "linewidth": 1.3}
    handles = []
    for name, (colour, marker, line) in look.items():
        handle = Line2D(
            [], [], color=colour, marker=marker, markersize=5.5, label=printable(name), **edge
        )
        handle.set_linestyle(line)
        handles.append(handle)
    grey: dict[str, Any] = {"color": GREY, "linestyle": "", "markersize": 7}
    handles += [
        Line2D([], [], marker=ANCHORS[label]["marker"], label=f"anchor: {label}", **grey)
        for label in anchors
    ]
    if reference:
        handles.append(Line2D([], [], label="reference front", **REFERENCE))
    return handles


def _draw_front(axes: Axes, objectives: Array, style: Style) -> None:
    points = np.unique(objectives, axis=0)  # sorted for the line; a constant set becomes one point
    keep = nondominated(points)
    dots: dict[str, Any] = {
        "color": style.colour,
        "marker": style.marker,
        "edgecolors": "white",
        "linewidths": 0.5,
    }
    (x, y), (dominated_x, dominated_y) = points[keep].T, points[~keep].T
    axes.scatter(dominated_x, dominated_y, s=20, alpha=0.3, zorder=3, **dots)
    axes.step(
        x, y, style.line, where="post", color=style.colour, linewidth=1.2, alpha=0.8, zorder=3
    )
    axes.scatter(x, y, s=30, zorder=4, **dots)


def _decorate(axes: Axes, panel: Panel) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.94", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, color="0.6")
    notes = [f"{', '.join(names)}: {status}" for status, names in panel.absent.items()]
    beyond = sum(int((points > LIMIT).any(axis=1).sum()) for points in panel.objectives.values())
    if panel.anchors and beyond:
        notes.append(f"{beyond} {'point' if beyond == 1 else 'points'} beyond {LIMIT:g} not shown")
    lines = textwrap.wrap(printable("; ".join(notes)), NOTE_WIDTH)
    axes.set_title(
        printable(panel.problem), fontsize=9.5, fontweight="bold", pad=4 + 9 * len(lines)
    )
    style: dict[str, Any] = {"fontsize": 7, "color": "0.35", "style": "italic", "ha": "center"}
    axes.text(0.5, 1.01, "\n".join(lines), transform=axes.transAxes, va="bottom", **style)


def _label(setter: Any, panel: Panel, task: str) -> None:
    task = printable(task)
    if panel.anchors:
        setter(
            f"g {task}, lower is better\n(0 = expert, 1 = pretrained)".replace(" ,", ","),
            fontsize=8,
        )
    else:
        setter(f"objective {task}, lower is better".replace(" ,", ","), fontsize=8)


def _limits(points: Array, *, normalised: bool) -> list[tuple[float, float]]:
    """Return axis limits around the points, one pair per column, that are never empty."""
    if normalised:
        inside = points[(points <= LIMIT).all(axis=1)]
        points = np.concatenate([inside, np.zeros((1, points.shape[1]))])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5 * np.maximum(np.abs(high), 1e-6))
    return list(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))
