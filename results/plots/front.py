"""Fronts on test: two objectives in a plane, three or more side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...metrics.nondominated import nondominated
from ..escape import printable
from ..references import ReferenceFront, load_reference
from ..results import Results
from .anchors import anchor_handles, draw_anchors, drawn_anchors
from .canvas import (
    counted,
    few_ticks,
    finish,
    handles_of,
    labels_of,
    name_panel,
    panel_points,
    panels_of,
)
from .draw import check_suffix, save, selected
from .highlight import highlighted
from .limits import LIMIT, Array, beyond, limits
from .options import Options
from .panels import Panel, panels_with
from .ranges import draw_ranges
from .style import FAINT, RC, SIZE, Look, looks
from .text import fitted

_FEW_NAMES = 2
REST: dict[str, Any] = {"color": FAINT, "linewidth": 0.5, "markersize": 1.2, "zorder": 1.5}
"""The algorithms that are not highlighted."""
REFERENCE: dict[str, Any] = {"color": "0.65", "linewidth": 2.2, "solid_joinstyle": "miter"}


def plot_front(
    results: Results,
    path: Path,
    *,
    problems: list[str] | None = None,
    algorithms: list[str] | None = None,
    references: Mapping[str, ReferenceFront] | None = None,
) -> Path:
    """Write a figure of the fronts on test: `draw` with the kind `front`, and `save`.

    Args:
        results: With fronts and points.
        path: The figure. Its suffix, one of `FORMATS`, selects the format.
        problems: Names of problems; by default all.
        algorithms: Names or display names of algorithms; by default all.
        references: Reference fronts by problem; by default those that ship with fusefront.
    """
    check_suffix(path)
    shown = selected(results, problems, algorithms)
    with rc_context(RC):
        figure = draw_front(shown, Options(), references=references)
    return save(figure, path)


def draw_front(
    results: Results,
    options: Options,
    *,
    references: Mapping[str, ReferenceFront] | None = None,
) -> Figure:
    """Return the fronts on test, one panel per problem.

    Lines connect the nondominated points of two tasks. With more tasks, a marker shows the most
    even preference, and a bar the range of all points.

    Args:
        results: With fronts and points.
        options: With the highlighted algorithms.
        references: Reference fronts by problem; by default those that ship with fusefront.
    """
    shown = panels_with(results, range(1, 1_000), "front")
    fronts = _references(shown, references)
    look = looks(highlighted(results, options))
    planes = all(len(panel.tasks) == 2 for panel in shown)
    figure, places = panels_of(len(shown), options, ratio=1.0 if planes else 0.9)
    for axes, panel in zip(places, shown, strict=True):
        name_panel(axes, panel.problem, options)
        if len(panel.tasks) == 2:
            front = fronts.get(panel.problem)
            draw_plane(axes, panel, look, options, None if front is None else front.points)
        else:
            draw_ranges(axes, panel, look, options)
    names = {name for panel in shown for name in panel.objectives}
    drawn = {name: one for name, one in look.items() if name in names}
    handles = handles_of(drawn, labels_of(results, options), len(names - set(drawn)))
    handles += anchor_handles(drawn_anchors(shown))
    if fronts:
        handles.append(Line2D([], [], label="reference front", **REFERENCE))
    runs = results.runs[results.runs["problem"].isin([panel.problem for panel in shown])]
    text = counted("Fronts on test, g of each task ↓", runs, "median run")
    return finish(figure, options, f"{text}{notes(shown)}", handles)


def draw_plane(
    axes: Axes,
    panel: Panel,
    look: Mapping[str, Look],
    options: Options,
    reference: Array | None = None,
) -> None:
    """Draw two objectives: nondominated points on a step line, dominated ones faint."""
    axes.set_box_aspect(1)
    draw_anchors(axes, panel)
    if reference is not None:
        front = reference[np.argsort(reference[:, 0], kind="stable")]
        axes.step(front[:, 0], front[:, 1], where="post", zorder=1, **REFERENCE)
    for name, objectives in panel.objectives.items():
        if name in look:
            _draw_front(axes, name, objectives, look[name])
        else:
            x, y = _nondominated(objectives)[0].T
            axes.step(x, y, ".-", where="post", gid=name, **REST)
    frame_plane(axes, panel, options, [] if reference is None else [reference])


def frame_plane(axes: Axes, panel: Panel, options: Options, more: Sequence[Array] = ()) -> None:
    """Set limits, ticks and labels of a plane of two objectives."""
    shown = [*panel.objectives.values(), *panel.anchors.values(), *more]
    around = limits(np.concatenate(shown), normalised=bool(panel.anchors))
    axes.set_xlim(*around[0])
    axes.set_ylim(*around[1])
    few_ticks(axes)
    # The panel is lower than wide: its title and the labels below it take part of the height.
    room = panel_points(axes, options)
    axes.set_xlabel(fitted(f"g {panel.tasks[0]}".strip(), SIZE, 0.6 * room))
    axes.set_ylabel(fitted(f"g {panel.tasks[1]}".strip(), SIZE, 0.4 * room))


def notes(shown: Sequence[Panel]) -> str:
    """Return what a figure of fronts leaves out, as sentences after the title."""
    found: dict[str, dict[str, None]] = {}
    for panel in shown:
        for status, names in panel.absent.items():
            found.setdefault(status, {}).update(dict.fromkeys(names))
    texts = []
    for status, listed in found.items():
        names = list(listed)
        some = ", ".join(names[:_FEW_NAMES])
        more = len(names) - _FEW_NAMES
        texts.append(f"{some}{f' and {more} more' if more > 0 else ''}: {status}")
    hidden = sum(beyond(panel.objectives.values()) for panel in shown if panel.anchors)
    if hidden:
        texts.append(
            f"{hidden} {'point' if hidden == 1 else 'points'} beyond g = {LIMIT:g} not shown"
        )
    return printable("".join(f"; {text}" for text in texts))


def _nondominated(objectives: Array) -> tuple[Array, Array]:
    points = np.unique(objectives, axis=0)  # sorted for the line; a constant set becomes one point
    keep = nondominated(points)
    return points[keep], points[~keep]


def _draw_front(axes: Axes, name: str, objectives: Array, look: Look) -> None:
    front, dominated = _nondominated(objectives)
    axes.scatter(dominated[:, 0], dominated[:, 1], s=9, alpha=0.3, zorder=3, **look.dots)
    (x, y) = front.T
    axes.step(x, y, where="post", linewidth=1.0, alpha=0.8, zorder=3, gid=name, **look.line)
    axes.scatter(x, y, s=13, zorder=4, **look.dots)


def _references(
    shown: Sequence[Panel], given: Mapping[str, ReferenceFront] | None
) -> dict[str, ReferenceFront]:
    """Return the reference fronts of problems with two tasks; others are not drawn in a plane."""
    planes = [panel.problem for panel in shown if len(panel.tasks) == 2]
    found = {
        problem: (load_reference(problem) if given is None else given.get(problem))
        for problem in planes
    }
    return {problem: front for problem, front in found.items() if front is not None}
