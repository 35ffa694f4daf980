"""Parallel coordinates: every point is a line over the tasks."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..results import Results
from .canvas import counted, few_ticks, finish, handles_of, labels_of, name_panel, panels_of
from .front import notes
from .highlight import highlighted
from .limits import limits
from .options import Options
from .panels import panels_with
from .ranges import name_tasks
from .style import FAINT, looks

_THREE_OR_MORE = range(3, 1_000)


def draw_parallel(results: Results, options: Options) -> Figure:
    """Return the objectives of all points of problems with three or more tasks.

    Grey algorithms are represented by their point at the most even preference.

    Args:
        results: With fronts of problems with three or more tasks.
        options: With the highlighted algorithms.
    """
    shown = panels_with(results, _THREE_OR_MORE, "parallel")
    look = looks(highlighted(results, options))
    figure, places = panels_of(
        len(shown), options, ratio=0.75, per_row=1 if options.width == "column" else 2
    )
    for axes, panel in zip(places, shown, strict=True):
        name_panel(axes, panel.problem, options)
        x = np.arange(len(panel.tasks))
        for name, objectives in panel.objectives.items():
            even = objectives[panel.even[name]]
            if name not in look:
                axes.plot(x, even, color=FAINT, linewidth=0.4, zorder=1, gid=name)
                continue
            style: dict[str, Any] = {"color": look[name].colour, "zorder": 3}
            axes.plot(x, objectives.T, linewidth=0.35, alpha=0.35, gid=f"all {name}", **style)
            axes.plot(
                x, even, linestyle=look[name].dashes, marker=look[name].marker, gid=name,
                markeredgecolor="white", markeredgewidth=0.3, linewidth=1.3, **style,
            )  # fmt: skip
        heights = np.concatenate([own.ravel() for own in panel.objectives.values()])[:, None]
        axes.set_ylim(*limits(heights, normalised=bool(panel.anchors))[0])
        few_ticks(axes, 5)
        name_tasks(axes, panel.tasks, options)
        axes.grid(visible=True, axis="x", color="0.7")
        axes.set_ylabel("g ↓")
    names = {name for panel in shown for name in panel.objectives}
    drawn = {name: one for name, one in look.items() if name in names}
    runs = results.runs[results.runs["problem"].isin([panel.problem for panel in shown])]
    text = counted("All points on test, bold at the even preference ↓", runs, "median run")
    handles = handles_of(drawn, labels_of(results, options), len(names - set(drawn)))
    return finish(figure, options, f"{text}{notes(shown)}", handles)
