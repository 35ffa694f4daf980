"""The simplex of preferences over three tasks, coloured by utility."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from ...errors import ParameterError
from ..results import Results
from .canvas import counted, finish, labels_of, name_panel, panel_points, panels_of
from .colour_bar import add_bar
from .highlight import highlighted
from .options import Options
from .panels import Array
from .style import SEQUENTIAL, SMALL
from .text import fitted
from .values import point_utilities

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
_LEAST = 3  # points that span a triangle


def draw_ternary(results: Results, options: Options) -> Figure:
    """Return max_i p_i g_i over preferences p, one triangle per highlighted algorithm and problem.

    Values are means over seeds, interpolated between the scoring preferences, which are dots.

    Args:
        results: With fronts of problems with three tasks.
        options: With the highlighted algorithms.
    """
    data = utility_by_preference(results)
    if not data:
        raise ParameterError(
            "The figure `ternary` must have a done run on a problem with three tasks. Found none "
            "in these results. Choose other results, or the kind `front`."
        )
    names = highlighted(results, options, {name for _, own in data.values() for name in own})
    shown = [(problem, name) for problem in data for name in names if name in data[problem][1]]
    if not shown:
        raise ParameterError(
            f"The figure `ternary` must have a result of {', '.join(names)} on a problem with "
            "three tasks. Found none. Highlight other algorithms."
        )
    labels, several = labels_of(results, options), len(data) > 1
    figure, places = panels_of(len(shown), options, ratio=0.85)
    every = np.concatenate([data[problem][1][name][1] for problem, name in shown])
    for axes, (problem, name) in zip(places, shown, strict=True):
        tasks, values = data[problem]
        title = f"{labels[name]}, {problem}" if several else labels[name]
        name_panel(axes, title, options)
        preferences, utility = values[name]
        picture = _triangle(axes, preferences, utility, float(every.min()), float(every.max()))
        _name_corners(axes, tasks, options)
    add_bar(figure, picture, places, "utility max p g ↓")
    runs = results.runs[results.runs["problem"].isin(list(data))]
    text = "Utility by preference" if several else f"Utility by preference on {next(iter(data))}"
    return finish(figure, options, counted(f"{text} ↓", runs, "mean over seeds"))


Values = dict[str, tuple[Array, Array]]


def utility_by_preference(results: Results) -> dict[str, tuple[list[str], Values]]:
    """Return the utilities of problems with three tasks.

    Returns:
        By problem its tasks, and by algorithm `(k, 3)` preferences with `(k,)` utilities, means
        over seeds.
    """
    tasks = results.fronts.groupby("problem", sort=False)["task"].unique()
    keys = ["run_id", "point", "problem", "display_name", "preference"]
    rows = results.points[keys].merge(point_utilities(results), on=["run_id", "point"])
    found: dict[str, tuple[list[str], Values]] = {}
    for problem, own in rows.groupby("problem", sort=False):
        if len(tasks[problem]) != len(_CORNERS):
            continue
        values = {str(name): _means(one) for name, one in own.groupby("display_name", sort=False)}
        found[str(problem)] = (list(tasks[problem]), values)
    return found


def _means(rows: pd.DataFrame) -> tuple[Array, Array]:
    places = np.round(np.vstack(rows["preference"].to_list()), 9)
    preferences, index = np.unique(places, axis=0, return_inverse=True)
    sums = np.bincount(index.ravel(), weights=rows["utility"].to_numpy(float))
    return preferences, sums / np.bincount(index.ravel())


def _triangle(axes: Axes, preferences: Array, utility: Array, low: float, high: float) -> Any:
    x, y = (preferences @ _CORNERS).T
    scale: dict[str, Any] = {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}
    spread = preferences - preferences[0]
    if len(x) >= _LEAST and np.linalg.matrix_rank(spread, tol=1e-6) > 1:
        mesh = Triangulation(x, y)
        picture: Any = axes.tripcolor(mesh, utility, shading="gouraud", gid="utility", **scale)
        axes.scatter(x, y, s=1.5, color="white", linewidths=0, alpha=0.6)
    else:
        picture = axes.scatter(x, y, c=utility, s=14, gid="utility", **scale)
    axes.plot(*np.vstack([_CORNERS, _CORNERS[:1]]).T, color="0.4", linewidth=0.6)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-0.12, 1.12)
    axes.set_ylim(-0.16, 1.02)
    return picture


def _name_corners(axes: Axes, tasks: list[str], options: Options) -> None:
    room = 0.33 * panel_points(axes, options)
    for (x, y), task, side in zip(_CORNERS, tasks, ("left", "right", "center"), strict=True):
        text = fitted(task, SMALL, room)
        if side == "center":
            axes.text(x, y + 0.02, text, ha="center", va="bottom", fontsize=SMALL)
        else:
            edge = -0.1 if side == "left" else 1.1
            axes.text(edge, y - 0.03, text, ha=side, va="top", fontsize=SMALL)
