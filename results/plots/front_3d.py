"""Fronts of three tasks in three dimensions."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...metrics.nondominated import nondominated
from ..results import Results
from .canvas import counted, finish, handles_of, labels_of, name_panel, panel_points, panels_of
from .front import notes
from .highlight import highlighted
from .limits import LIMIT, limits
from .options import Options
from .panels import Panel, panels_with
from .style import FAINT, SMALL, Look, looks
from .text import fitted

_TRIPLE = range(3, 4)


def draw_front_3d(results: Results, options: Options) -> Figure:
    """Return the nondominated points of problems with three tasks.

    Args:
        results: With fronts of problems with three tasks.
        options: With the highlighted algorithms.
    """
    shown = panels_with(results, _TRIPLE, "front-3d")
    look = looks(highlighted(results, options))
    figure, places = panels_of(
        len(shown), options, ratio=0.8, per_row=1 if options.width == "column" else 3,
        projection="3d",
    )  # fmt: skip
    for axes, panel in zip(places, shown, strict=True):
        name_panel(axes, panel.problem, options)
        _draw(axes, panel, look, options)
    names = {name for panel in shown for name in panel.objectives}
    drawn = {name: one for name, one in look.items() if name in names}
    handles = handles_of(drawn, labels_of(results, options), len(names - set(drawn)), line=False)
    runs = results.runs[results.runs["problem"].isin([panel.problem for panel in shown])]
    text = counted("Fronts on test, g of each task ↓", runs, "median run")
    return finish(figure, options, f"{text}{notes(shown)}", handles)


def _draw(axes: Any, panel: Panel, look: dict[str, Look], options: Options) -> None:
    rest = [points for name, points in panel.objectives.items() if name not in look]
    if rest:
        points = np.concatenate(rest)
        points = points[(points <= LIMIT).all(axis=1)] if panel.anchors else points
        axes.scatter(*points.T, s=1.5, color=FAINT, linewidths=0, depthshade=False, gid="others")
    for name, one in look.items():
        if name not in panel.objectives:
            continue
        points = np.unique(panel.objectives[name], axis=0)
        points = points[nondominated(points)]
        points = points[(points <= LIMIT).all(axis=1)] if panel.anchors else points
        axes.scatter(*points.T, s=11, depthshade=False, gid=name, **one.dots)
    around = limits(np.concatenate(list(panel.objectives.values())), normalised=bool(panel.anchors))
    room = 0.3 * panel_points(axes, options)
    for place, (axis, task) in enumerate(
        zip((axes.xaxis, axes.yaxis, axes.zaxis), panel.tasks, strict=True)
    ):
        axis.set_label_text(fitted(f"g {task}", SMALL, room), fontsize=SMALL)
        axis.labelpad = -9
        axis.set_major_locator(MaxNLocator(3))
        axis.set_tick_params(pad=-4, labelsize=SMALL - 1)
        getattr(axes, ("set_xlim", "set_ylim", "set_zlim")[place])(*around[place])
        axis.set_pane_color((0.98, 0.98, 0.98, 1.0))
    axes.view_init(elev=22, azim=40)
    axes.set_box_aspect(None, zoom=1.0)
