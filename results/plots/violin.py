"""Densities of a metric, one violin per algorithm."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..results import Results
from .options import Options
from .rows import row_figure


def draw_violin(results: Results, options: Options) -> Figure:
    """Return kernel estimates of the density, with every median as a dot.

    Each value is a run. Runs without a result are left out. Algorithms with one value are a dot.

    Args:
        results: With values of the metric.
        options: With the metric and the highlighted algorithms.
    """
    figure, axes, found, colours = row_figure(results, options, "Densities")
    for place, (name, values) in enumerate(found.items()):
        if np.ptp(values) > 0:
            drawn: Any = axes.violinplot(
                values, [place], orientation="horizontal", widths=0.85, showextrema=False
            )
            for body in drawn["bodies"]:
                body.set(facecolor=colours[name], alpha=0.6, edgecolor="0.3", linewidth=0.4)
        axes.plot(np.median(values), place, "o", color="black", markersize=2, gid=name)
    return figure
