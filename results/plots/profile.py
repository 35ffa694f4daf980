"""Performance profiles: the share of runs within a factor of the best."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from ...errors import ParameterError
from ..results import Results
from .canvas import counted, finish, handles_of, labels_of, panels_of
from .highlight import highlighted, names_of
from .options import Options
from .over_budget import draw_lines
from .style import looks
from .values import direction_of, phrase_of, run_values

LARGEST = 8.0
"""The largest factor that is shown."""
STEPS = 121
_TICKS = (1, 1.1, 1.2, 1.5, 2, 3, 4, 6, 8)
_SPACE = 0.12  # of the axis between two labels


def draw_profile(results: Results, options: Options) -> Figure:
    """Return, by algorithm, the share of (problem, seed) on which it is within each factor.

    The factor of a run is its value divided by the best value of any algorithm with this problem
    and seed, or the inverse for metrics that are maximised. Runs without a result are within none.

    Args:
        results: With values of the metric.
        options: With the metric and the highlighted algorithms.
    """
    factors = ratios(run_values(results, options.metric), direction_of(options.metric))
    look = looks(highlighted(results, options))
    shown = factors.reindex(list(look)).to_numpy()
    largest = float(np.clip(np.max(shown, where=np.isfinite(shown), initial=1.0), 1.5, LARGEST))
    grid = np.geomspace(1, largest, STEPS)
    lines = {
        name: (factors.loc[name].to_numpy()[:, None] <= grid + 1e-12).mean(axis=0)
        for name in names_of(results)
    }
    figure, (axes,) = panels_of(1, options, ratio=0.75)
    draw_lines(axes, grid, lines, look)
    axes.set_xscale("log")
    axes.set_xlim(1, largest)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(largest)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("Factor of the best")
    axes.set_ylabel("Share of runs ↑")
    runs = results.runs[results.runs["problem"].isin(factors.columns.get_level_values("problem"))]
    title = counted(f"Performance profiles of {phrase_of(options.metric)}", runs)
    others = len(set(lines) - set(look))
    return finish(figure, options, title, handles_of(look, labels_of(results, options), others))


def ratios(rows: pd.DataFrame, direction: str) -> pd.DataFrame:
    """Return the factor of each algorithm (rows) on each problem and seed (columns).

    Args:
        rows: As returned by `run_values`.
        direction: `maximise` or `minimise`.

    Raises:
        ParameterError: If a value is negative, or 0 for a metric that is minimised.
    """
    table = rows.pivot_table(
        index="display_name", columns=["problem", "seed"], values="value", dropna=False
    )
    table = table.reindex(rows["display_name"].unique()).dropna(axis=1, how="all")
    values: NDArray[np.float64] = table.to_numpy(float)
    least = float(np.nanmin(values))
    if least < 0 or (least == 0 and direction == "minimise"):
        name = table.index[int(np.nanargmin(np.nanmin(values, axis=1)))]
        raise ParameterError(
            "Performance profiles must have a metric with positive values, whose ratios mean "
            f"something. Found {least:.4g} of `{name}`. Choose another metric, for example "
            "`average-normalised-accuracy`, or select algorithms with `-a`."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        if direction == "minimise":
            found = values / np.nanmin(values, axis=0)
        else:
            best = np.nanmax(values, axis=0)
            found = np.where(values == best, 1.0, best / values)
    return pd.DataFrame(
        np.where(np.isnan(values), np.inf, found), index=table.index, columns=table.columns
    )


def _ticks(largest: float) -> list[float]:
    """Return factors to label, far enough apart for their texts."""
    apart = largest**_SPACE
    found = [1.0]
    for tick in _TICKS:
        if found[-1] * apart < tick <= largest:
            found.append(tick)
    return found
