"""Figures with a row per algorithm: their rows, and the names beside them."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..results import Results
from .canvas import POINTS, counted, finish, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .style import FAINT, SMALL, looks
from .text import fitted
from .values import direction_of, phrase_of, run_values, title_of

MOST = 30
"""Most algorithms with a row of their own; of more, the grey ones share one."""
ROW = 0.14  # inches
OTHERS = "others"


def samples(
    rows: pd.DataFrame, chosen: Sequence[str], direction: str
) -> dict[str, NDArray[np.float64]]:
    """Return the values of each row of a figure, best median first.

    Args:
        rows: As returned by `run_values`.
        chosen: The highlighted algorithms.
        direction: `maximise` or `minimise`.

    Returns:
        The values of all runs with a result by display name. Of more than `MOST` algorithms, those
        that are not chosen are together in the last row, called `OTHERS`.
    """
    known = rows.dropna(subset=["value"])
    every = {str(n): own.to_numpy(float) for n, own in known.groupby("display_name")["value"]}
    sign = -1 if direction == "maximise" else 1
    order = sorted(every, key=lambda name: (sign * np.median(every[name]), name))
    if len(order) <= MOST:
        return {name: every[name] for name in order}
    found = {name: every[name] for name in order if name in chosen}
    rest = [every[name] for name in order if name not in chosen]
    return found | ({OTHERS: np.concatenate(rest)} if rest else {})


def row_figure(
    results: Results, options: Options, what: str
) -> tuple[Figure, Axes, dict[str, NDArray[np.float64]], dict[str, str]]:
    """Return a figure with named rows and no marks, its values, and a colour for each row."""
    rows = run_values(results, options.metric)
    chosen = highlighted(results, options)
    found = samples(rows, chosen, direction_of(options.metric))
    look = looks(chosen)
    colours = {name: look[name].colour if name in look else FAINT for name in found}
    figure, (axes,) = panels_of(1, options)
    figure.set_figheight(0.45 + ROW * len(found))
    labels = labels_of(results, options) | {OTHERS: _others(rows, found)}
    name_rows(axes, list(found), labels, chosen, options)
    axes.set_xlabel(title_of(options.metric))
    axes.grid(visible=False, axis="y")
    title = counted(f"{what} of {phrase_of(options.metric)} over problems and seeds", rows)
    return finish(figure, options, title), axes, found, colours


def _others(rows: pd.DataFrame, found: Mapping[str, object]) -> str:
    return f"{rows['display_name'].nunique() - len(found) + (OTHERS in found)} others"


def name_rows(
    axes: Axes,
    names: Sequence[str],
    labels: Mapping[str, str],
    bold: Collection[str],
    options: Options,
    size: float = SMALL,
) -> None:
    """Write names beside rows from the top to the bottom, highlighted ones in bold."""
    room = 0.3 * options.inches * POINTS
    texts = [fitted(labels[name], size, room) for name in names]
    axes.set_yticks(range(len(names)), texts, fontsize=size)
    axes.set_ylim(len(names) - 0.5, -0.5)
    for text, name in zip(axes.get_yticklabels(), names, strict=True):
        if name in bold and len(bold) < len(names):
            text.set_fontweight("bold")
