"""Merging coefficients of each group of parameters over preferences."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ...errors import ParameterError
from ..results import Results
from .canvas import counted, finish, labels_of, name_panel, panels_of
from .colour_bar import add_bar
from .highlight import highlighted
from .options import Options
from .panels import Array
from .style import SEQUENTIAL

_MOST = 4
"""Most algorithms that are shown by default."""
_DECIMALS = 2  # preferences of a task that are closer share a column
_PER_ROW = {"column": 2, "full": 4}


def draw_coefficients(results: Results, options: Options) -> Figure:
    """Return the coefficients of one problem: groups as rows, preferences as columns.

    There is a panel per algorithm and task. A row is a block, module or tensor, in the order of
    the network from the top, and the horizontal axis is the preference for the panel's task. Values
    are means over seeds and over points with equal preference for the task. Algorithms with one
    coefficient per task have one row.

    Args:
        results: With points that have coefficients; of several problems with any, the one with
            the fewest tasks is shown.
        options: With the algorithms: by default up to four that have several groups.
    """
    problem, rows = _points(results)
    names = _names(results, options, rows)
    tasks = _tasks(results, problem)
    shown = [(name, t) for name in names for t in range(len(tasks))]
    labels = labels_of(results, options)
    per_row = _PER_ROW[options.width]
    if len(tasks) > 1:
        per_row = max(per_row // len(tasks), 1) * len(tasks) if len(tasks) <= per_row else per_row
    figure, places = panels_of(len(shown), options, ratio=0.75, per_row=per_row)
    grids = [grid(rows[rows["display_name"] == name], t) for name, t in shown]
    low, high = min(g[1].min() for g in grids), max(g[1].max() for g in grids)
    for axes, (name, t), (preferences, values) in zip(places, shown, grids, strict=True):
        name_panel(axes, f"{labels[name]}: {tasks[t]}", options)
        picture = axes.pcolormesh(
            _edges(preferences), np.arange(len(values) + 1) + 0.5, values, cmap=SEQUENTIAL,
            vmin=low, vmax=high, rasterized=True, gid=f"{name} {t}",
        )  # fmt: skip
        axes.set_ylim(len(values) + 0.5, 0.5)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_yticks(sorted({1, len(values)}))
        axes.set_xlim(0, 1)
        axes.grid(visible=False)
    spec = places[0].get_gridspec()
    columns = spec.ncols if spec else 1
    for place, axes in enumerate(places):
        if place % columns == 0:
            axes.set_ylabel("group")
        if place >= len(places) - columns:
            axes.set_xlabel("preference")
    add_bar(figure, picture, places, "coefficient")
    runs = results.runs[results.runs["problem"] == problem]
    return finish(figure, options, counted(f"Merging coefficients on {problem}", runs, "mean"))


def _points(results: Results) -> tuple[str, pd.DataFrame]:
    points = results.points[results.points["coefficients"].notna()]
    several = points[points["space"] != "task"]
    known = points if several.empty else several
    if known.empty:
        raise ParameterError(
            "The figure `coefficients` must have points with merging coefficients. Found none: no "
            "algorithm that combines task vectors is done. Run for example `pwemoe-ls`."
        )
    tasks = results.fronts.groupby("problem")["task"].nunique()
    problem = min(known["problem"].unique(), key=lambda name: int(tasks[name]))
    return str(problem), points[points["problem"] == problem]


def _names(results: Results, options: Options, rows: pd.DataFrame) -> list[str]:
    if options.highlight is not None:
        chosen = highlighted(results, options)
        found = [name for name in chosen if (rows["display_name"] == name).any()]
        if not found:
            raise ParameterError(
                "The figure `coefficients` must have points with merging coefficients. Found none "
                f"of {', '.join(chosen)}. Highlight an algorithm that combines task vectors."
            )
        return found
    several = rows[rows["space"] != "task"]
    # A constant answer to all preferences has nothing to see, unless nobody has more.
    varied = [name for name, own in several.groupby("display_name") if _varies(own)]
    among = varied or list(several["display_name"].unique()) or list(rows["display_name"].unique())
    return highlighted(results, options, set(map(str, among)))[:_MOST]


def _varies(rows: pd.DataFrame) -> bool:
    """Return whether some run has different coefficients for different preferences."""
    return any(
        bool(np.ptp(np.vstack(own.to_list()), axis=0).max() > 0)
        for _, own in rows.groupby("run_id")["coefficients"]
    )


def _tasks(results: Results, problem: str) -> list[str]:
    fronts = results.fronts
    return list(fronts.loc[fronts["problem"] == problem, "task"].unique())


def grid(rows: pd.DataFrame, task: int) -> tuple[Array, Array]:
    """Return the sorted `(k,)` preferences for a task, and `(groups, k)` mean coefficients of it.

    Args:
        rows: Points of one algorithm on one problem.
        task: Index of the task, both of preferences and of coefficients.
    """
    preference = np.array([p[task] for p in rows["preference"]], dtype=float).round(_DECIMALS)
    columns = [
        np.asarray(values, dtype=float).reshape(tuple(map(int, shape)))[..., task].ravel()
        for values, shape in zip(rows["coefficients"], rows["shape"], strict=True)
    ]
    places = np.unique(preference)
    stacked = np.vstack(columns)
    means = [stacked[preference == place].mean(axis=0) for place in places]
    return places, np.column_stack(means)


def _edges(places: Array) -> Array:
    """Return the edges of columns that end halfway between neighbours, from 0 to 1."""
    between = (places[1:] + places[:-1]) / 2
    return np.concatenate([[min(0.0, places[0])], between, [max(1.0, places[-1])]])
