"""A metric of quality against a cost, with the front of the two."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...errors import ParameterError
from ...metrics.nondominated import nondominated
from ..results import Results
from .canvas import counted, few_ticks, finish, handles_of, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .over_budget import log_ticks
from .panels import Array
from .style import FAINT, looks
from .systems import systems_of
from .values import direction_of, phrase_of, run_values, title_of

_WIDE = 20  # ratio of costs from which on the axis is logarithmic


def draw_cost_quality(results: Results, options: Options) -> Figure:
    """Return algorithms by cost and quality, both means over problems and seeds.

    The line connects those that no other algorithm beats in both. Systems are never on it, nor are
    algorithms that lack a result, which are hollow if they are highlighted.

    Args:
        results: With values of the metric and the cost.
        options: With the metric, the cost and the highlighted algorithms.
    """
    table = averages(results, options)
    look = looks(highlighted(results, options))
    figure, (axes,) = panels_of(1, options, ratio=0.75)
    sign = -1 if direction_of(options.metric) == "maximise" else 1
    costs = table["cost"].to_numpy(float)
    positive = costs[costs > 0]
    logarithmic = len(positive) > 0 and positive.max() / positive.min() > _WIDE
    # Costs of zero have no place on a logarithmic axis: they are at its left edge.
    edge = float(positive.min()) / 2 if logarithmic else 0.0
    x = np.maximum(costs, edge)
    whole = table["complete"].to_numpy(bool)
    points = np.column_stack([costs, sign * table["quality"].to_numpy(float)])
    models = ~table.index.isin(list(systems_of(results, options)))
    front = np.flatnonzero(whole & models)
    if len(front):
        front = front[nondominated(points[front])]
    order = front[np.lexsort(points[front].T[::-1])]
    axes.step(x[order], table["quality"].to_numpy()[order], where="post", color="0.4",
              linewidth=0.9, zorder=2, gid="front")  # fmt: skip
    for i, (name, row) in enumerate(table.iterrows()):
        if name not in look:
            axes.scatter(x[i], row["quality"], s=5, color=FAINT, zorder=1, gid=str(name))
            continue
        dots = look[str(name)].dots
        if not row["complete"]:
            dots |= {"facecolors": "none", "edgecolors": dots["color"], "linewidths": 0.8}
        axes.scatter(x[i], row["quality"], s=22, zorder=3, gid=str(name), **dots)
    _frame(axes, costs, edge, options)
    axes.set_ylabel(title_of(options.metric))
    rows = run_values(results, options.metric)
    title = counted(f"{title_of(options.metric)} and {phrase_of(options.cost)}", rows)
    others = len(set(table.index) - set(look))
    return finish(
        figure, options, title, handles_of(look, labels_of(results, options), others, line=False)
    )


def _frame(axes: Axes, costs: Array, edge: float, options: Options) -> None:
    """Set the axis of costs, logarithmic if `edge`, where costs of zero are, is positive."""
    if edge > 0:
        axes.set_xscale("log")
        axes.set_xlim(edge * 0.8, float(costs.max()) * 1.3)
        log_ticks(axes)
    few_ticks(axes, 5)
    zeros = " (0 at the left edge)" if edge > 0 and costs.min() == 0 else ""
    axes.set_xlabel(f"{title_of(options.cost)}{zeros}")


def averages(results: Results, options: Options) -> pd.DataFrame:
    """Return `cost` and `quality` of each algorithm, means over the problems' means over seeds.

    `complete` is False if a run has no result.

    Raises:
        ParameterError: If no algorithm has both.
    """
    keys = ["display_name", "problem", "seed"]
    both = run_values(results, options.metric).merge(
        run_values(results, options.cost), on=keys, suffixes=("", "_cost"), how="outer"
    )
    known = both.dropna(subset=["value", "value_cost"])
    if known.empty:
        raise ParameterError(
            f"`results` must have runs with both `{options.metric}` and `{options.cost}`. "
            "Found none. Choose another cost."
        )
    means = known.groupby(["display_name", "problem"])[["value_cost", "value"]].mean()
    table = means.groupby(level="display_name").mean()
    needed = both.drop_duplicates(["problem", "seed"]).shape[0]
    counts = known.groupby("display_name").size()
    table.columns = pd.Index(["cost", "quality"])
    return table.assign(complete=counts.reindex(table.index) == needed)
