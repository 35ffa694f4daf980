"""Three or more objectives side by side: markers at the most even preference, bars as ranges."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from .canvas import few_ticks, panel_points
from .limits import limits
from .options import Options
from .panels import Panel
from .style import FAINT, SMALL, Look
from .text import fitted, width_of


def draw_ranges(axes: Axes, panel: Panel, look: Mapping[str, Look], options: Options) -> None:
    """Draw the objectives of one problem, one place per task."""
    places = np.arange(len(panel.tasks))
    for place in places[::2]:
        axes.axvspan(place - 0.5, place + 0.5, color="0.965", linewidth=0, zorder=-1)
    if panel.anchors:
        for height in (0, 1):
            axes.axhline(height, color="0.8", linewidth=0.6, zorder=0)
    own = [name for name in panel.objectives if name in look]
    for name, objectives in panel.objectives.items():
        even = objectives[panel.even[name]]
        if name not in look:
            axes.plot(places, even, color=FAINT, linewidth=0.4, zorder=1, gid=name)
            continue
        colour = look[name].colour
        x = places + ((own.index(name) + 0.5) / len(own) - 0.5) * 0.76
        low, high = objectives.min(axis=0), objectives.max(axis=0)
        axes.vlines(x, low, high, color=colour, alpha=0.4, linewidth=1.6, gid=name)
        axes.scatter(x, even, s=10, zorder=3, **look[name].dots)
    shown = [*panel.objectives.values(), *panel.anchors.values()]
    heights = np.concatenate([points.ravel() for points in shown])[:, None]
    axes.set_ylim(*limits(heights, normalised=bool(panel.anchors))[0])
    axes.set_xlim(-0.5, len(panel.tasks) - 0.5)
    few_ticks(axes)
    name_tasks(axes, panel.tasks, options)
    axes.set_ylabel("g")


def name_tasks(axes: Axes, tasks: list[str], options: Options) -> None:
    """Write the tasks below their places, upright if they would touch each other."""
    room = 0.8 * panel_points(axes, options) / len(tasks)
    upright = any(width_of(fitted(task, SMALL, 60), SMALL) > 0.9 * room for task in tasks)
    texts = [fitted(task, SMALL, 60 if upright else 0.9 * room) for task in tasks]
    axes.set_xticks(range(len(tasks)), texts, rotation=90 if upright else 0)
    axes.grid(visible=False, axis="x")
