"""Points of pairs in the plane of their two merging coefficients, coloured by utility."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...errors import ParameterError
from ..results import Results
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
from .colour_bar import add_bar
from .highlight import highlighted
from .options import Options
from .style import SEQUENTIAL, SIZE, Look, looks
from .text import fitted
from .values import point_utilities

_PATHS = 4
"""Most algorithms that are highlighted by default."""
_OUTER = (1, 99)  # percentiles: a few far points must not hide the others
_WORST = 95  # percentile of utility at which colours end


def draw_landscape(results: Results, options: Options) -> Figure:
    """Return all points in the space `task` of problems with two tasks.

    A point is coloured by max_i p_i g_i for the preference p that it was returned for. Lines show
    how highlighted algorithms move from one preference to the next, in their first seed.

    Args:
        results: With points in the space `task` of problems with two tasks.
        options: With the highlighted algorithms.
    """
    found = coefficients_of_pairs(results)
    if not found:
        raise ParameterError(
            "The figure `landscape` must have points in the coefficient space `task` on a problem "
            "with two tasks. Found none: no such run is done. Run for example `rewarded-soup` or "
            "`map` on a pair, or choose the kind `coefficients` or `front`."
        )
    names = set().union(*(rows["display_name"] for rows, _ in found.values()))
    chosen = highlighted(results, options, names)
    if options.highlight is None and len(chosen) > _PATHS:  # more paths cover each other
        chosen = [*chosen[: _PATHS - 1], chosen[-1]]
    look = looks(chosen)
    figure, places = panels_of(len(found), options, ratio=0.9)
    utility = np.concatenate([rows["utility"].to_numpy(float) for rows, _ in found.values()])
    scale = (float(utility.min()), float(np.percentile(utility, _WORST)))
    hidden = 0
    for axes, (problem, (rows, tasks)) in zip(places, found.items(), strict=True):
        name_panel(axes, problem, options)
        picture = _draw(axes, rows, look, scale)
        hidden += _frame(axes, rows, tasks, options)
    add_bar(figure, picture, places, "utility max p g ↓")
    drawn = {name: one for name, one in look.items() if name in names}
    runs = results.runs[results.runs["problem"].isin(list(found))]
    outside = f"{hidden} points outside not shown" if hidden else ""
    title = counted(
        "Coefficients of both tasks at every point, coloured by utility ↓", runs, outside
    )
    return finish(figure, options, title, handles_of(drawn, labels_of(results, options), 0))


def coefficients_of_pairs(results: Results) -> dict[str, tuple[pd.DataFrame, list[str]]]:
    """Return the points in the space `task`, and the tasks, of each problem with two tasks.

    Returns:
        By problem, rows with `display_name`, `seed`, `first` (the preference for the first task),
        `x` and `y` (the coefficients), and `utility`.
    """
    tasks = results.fronts.groupby("problem", sort=False)["task"].unique()
    points = results.points[results.points["space"] == "task"]
    rows = points.merge(point_utilities(results), on=["run_id", "point"])
    found = {}
    for problem, own in rows.groupby("problem", sort=False):
        pairs = own[[len(values) == 2 for values in own["coefficients"]]]
        if len(tasks[problem]) != 2 or pairs.empty:
            continue
        frame = pd.DataFrame(pairs[["display_name", "seed", "utility"]])
        frame["first"] = [preference[0] for preference in pairs["preference"]]
        frame[["x", "y"]] = np.vstack(pairs["coefficients"].to_list())
        found[str(problem)] = (frame, list(tasks[problem]))
    return found


def _draw(axes: Axes, rows: pd.DataFrame, look: dict[str, Look], scale: tuple[float, float]) -> Any:
    colours: dict[str, Any] = {"cmap": SEQUENTIAL, "vmin": scale[0], "vmax": scale[1]}
    chosen = rows["display_name"].isin(list(look))
    rest = rows[~chosen].sort_values("utility", ascending=False, kind="stable")
    picture = axes.scatter(
        rest["x"], rest["y"], c=rest["utility"], s=4, linewidths=0, gid="rest", **colours
    )
    for name, one in look.items():
        own = rows[rows["display_name"] == name]
        own = own[own["seed"] == own["seed"].min()].sort_values("first", kind="stable")
        axes.plot(own["x"], own["y"], linewidth=0.8, zorder=3, gid=name, **one.line)
        axes.scatter(
            own["x"], own["y"], c=own["utility"], marker=one.marker, s=10, zorder=4,
            edgecolors=one.colour, linewidths=0.7, gid=f"points {name}", **colours,
        )  # fmt: skip
    return picture


def _frame(axes: Axes, rows: pd.DataFrame, tasks: list[str], options: Options) -> int:
    """Set limits and labels; return how many points are outside."""
    outside = np.zeros(len(rows), dtype=bool)
    for column, setter in (("x", axes.set_xlim), ("y", axes.set_ylim)):
        values = rows[column].to_numpy(float)
        low, high = np.percentile(values, _OUTER)
        low, high = min(low, 0.0), max(high, 1.0)
        margin = 0.05 * (high - low)
        setter(low - margin, high + margin)
        outside |= (values < low - margin) | (values > high + margin)
    few_ticks(axes)
    room = 0.55 * panel_points(axes, options)
    axes.set_xlabel(fitted(tasks[0], SIZE, room))
    axes.set_ylabel(fitted(tasks[1], SIZE, room))
    return int(outside.sum())
