"""A metric by algorithm and problem."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..results import Results
from .canvas import counted, finish, labels_of, panel_points, panels_of
from .colour_bar import add_bar
from .highlight import highlighted
from .options import Options
from .rows import name_rows
from .style import SEQUENTIAL, SMALL
from .text import fitted, width_of
from .values import direction_of, run_values, title_of

_MANY = 40  # rows from which on they are lower
_TALLEST = 9.0  # inches: a page
_PERCENTILE = 95  # colours do not spread further for a few bad values
_BAR = 0.16  # share of the width


def draw_heat_map(results: Results, options: Options) -> Figure:
    """Return the mean over seeds of a metric, algorithms as rows, the best on average first.

    Cells have numbers if these fit. A cell is white if a run has no result.

    Args:
        results: With values of the metric.
        options: With the metric and the highlighted algorithms, whose names are bold.
    """
    rows = run_values(results, options.metric)
    table = cells(rows, direction_of(options.metric))
    names = [str(name) for name in table.index]
    row = 0.15 if len(names) <= _MANY else max(0.075, min(0.09, _TALLEST / len(names)))
    size = SMALL if len(names) <= _MANY else row * 72 * 0.8
    figure, (axes,) = panels_of(1, options)
    values = table.to_numpy(float)
    known = values[np.isfinite(values)]
    low, high = known.min(), known.max()
    if direction_of(options.metric) == "minimise":
        high = max(np.percentile(known, _PERCENTILE), low)
    else:
        low = min(np.percentile(known, 100 - _PERCENTILE), high)
    # Dark is better in both directions.
    colours = SEQUENTIAL if direction_of(options.metric) == "minimise" else f"{SEQUENTIAL}_r"
    shown = axes.imshow(
        values, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="none", gid="cells"
    )
    chosen = [name for name in highlighted(results, options) if name in names]
    name_rows(axes, names, labels_of(results, options), chosen, options, size)
    upright = _name_columns(axes, [str(name) for name in table.columns], options)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    _write_numbers(axes, values, (low, high), colours, options, row)
    figure.set_figheight(row * len(names) + (upright + 12) / 72)
    add_bar(figure, shown, [axes], title_of(options.metric))
    title = counted(f"{title_of(options.metric)}, mean over seeds", rows)
    return finish(figure, options, title)


def cells(rows: pd.DataFrame, direction: str) -> pd.DataFrame:
    """Return means over seeds, NaN where a run has no result; the best average first.

    Args:
        rows: As returned by `run_values`.
        direction: `maximise` or `minimise`.
    """
    grouped = rows.groupby(["display_name", "problem"])["value"]
    whole = grouped.agg(lambda own: own.mean(skipna=False))
    table = whole.unstack("problem")
    order = pd.DataFrame({"missing": table.isna().sum(axis=1), "mean": table.mean(axis=1)})
    ascending = [True, direction == "minimise"]
    return table.loc[order.sort_values(["missing", "mean"], ascending=ascending).index]


def _name_columns(axes: Axes, names: list[str], options: Options) -> float:
    """Write names below the columns, upright; return the height of the longest in points."""
    texts = [fitted(name, SMALL, 90) for name in names]
    axes.set_xticks(range(len(names)), texts, rotation=90)
    return max(width_of(text, SMALL) for text in texts)


def _write_numbers(
    axes: Axes,
    values: NDArray[np.float64],
    scale: tuple[float, float],
    colours: str,
    options: Options,
    row: float,
) -> None:
    texts = [[f"{value:.2f}" if np.isfinite(value) else "" for value in line] for line in values]
    room = (0.68 - _BAR) * panel_points(axes, options) / values.shape[1]
    widest = max(width_of(text, SMALL - 1) for line in texts for text in line)
    if widest > 0.9 * room or row < 0.12:
        return
    low, high = scale
    for i, line in enumerate(texts):
        for j, text in enumerate(line):
            share = np.clip((values[i, j] - low) / max(high - low, 1e-12), 0, 1) if text else 1
            red, green, blue, _ = colormaps[colours](share)
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            style: dict[str, Any] = {"color": "white" if dark else "black", "fontsize": SMALL - 1}
            axes.text(j, i, text, ha="center", va="center_baseline", **style)
