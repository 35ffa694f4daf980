"""Quartiles of a metric, one box per algorithm."""

from typing import Any

from matplotlib.figure import Figure

from ..results import Results
from .options import Options
from .rows import row_figure


def draw_box(results: Results, options: Options) -> Figure:
    """Return boxes from the first quartile to the third, with the median as a line.

    Whiskers reach to the last value within 1.5 times the height of the box, and dots are values
    beyond. Each value is a run. Runs without a result are left out.

    Args:
        results: With values of the metric.
        options: With the metric and the highlighted algorithms.
    """
    figure, axes, found, colours = row_figure(results, options, "Quartiles")
    line: dict[str, Any] = {"linewidth": 0.6, "color": "0.3"}
    drawn = axes.boxplot(
        list(found.values()),
        positions=range(len(found)),
        orientation="horizontal",
        widths=0.6,
        patch_artist=True,
        manage_ticks=False,
        medianprops={"color": "black", "linewidth": 1},
        whiskerprops=line,
        capprops=line,
        boxprops={"linewidth": 0.5, "edgecolor": "0.3"},
        flierprops={"marker": ".", "markersize": 2, "markeredgecolor": "0.4"},
    )
    for name, box, median in zip(found, drawn["boxes"], drawn["medians"], strict=True):
        box.set(facecolor=colours[name], alpha=0.6)
        median.set_gid(name)
    return figure
