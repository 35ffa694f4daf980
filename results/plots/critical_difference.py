"""Average ranks on a line, and bars over those that do not differ significantly."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...errors import ParameterError
from ..results import Results
from ..statistics.comparison import RankTest, rank_test, ranks
from .canvas import POINTS, counted, finish, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .style import FAINT, SMALL, Look, looks
from .text import fitted
from .values import direction_of, phrase_of, run_values

MOST = 16
"""Most algorithms that are all labelled; of more, only the highlighted ones are."""
_ROW = 0.13  # inches between two labels


def draw_critical_difference(results: Results, options: Options) -> Figure:
    """Return the average ranks over problems, with Nemenyi's critical difference at 5 %.

    Algorithms under one bar do not differ significantly. Those that lack a result on a problem
    rank last on it.

    Args:
        results: With values of the metric for three or more algorithms on two or more problems.
        options: With the metric and the highlighted algorithms.
    """
    rows = run_values(results, options.metric)
    found = ranks(rows, direction=direction_of(options.metric))
    test = rank_test(found)
    if test is None:
        raise ParameterError(
            "The figure `critical-difference` must have three algorithms on two problems or more. "
            f"Found {found.shape[0]} on {found.shape[1]}. Use more results, or the kind `box`."
        )
    means = found.mean(axis=1).sort_values(kind="stable")
    names = [str(name) for name in means.index]
    chosen = highlighted(results, options)
    shown = names if len(names) <= MOST else [name for name in names if name in chosen]
    look = {name: one for name, one in looks(chosen).items() if name in shown}
    figure, (axes,) = panels_of(1, options)
    groups = cliques(means[shown].to_list(), test.critical_difference)
    height = _ROW * (3 + len(groups) * 0.6 + (len(shown) + 1) // 2)
    figure.set_figheight(height + 0.25)
    _draw_axis(axes, means, test, shown, height)
    for row, (first, last) in enumerate(groups):
        y = -0.55 - 0.6 * row
        ends = [means[shown[first]] - 0.004 * len(means), means[shown[last]] + 0.004 * len(means)]
        axes.plot(ends, [y, y], color="0.2", linewidth=2.2, solid_capstyle="butt", gid="group")
    _draw_labels(
        axes, means[shown], look, labels_of(results, options), options, -0.9 - 0.6 * len(groups)
    )
    counts = counted(f"Average ranks by {phrase_of(options.metric)}", rows, _verdict(test))
    rest = len(names) - len(shown)
    note = f"; {rest} others are ticks" if rest else ""
    return finish(figure, options, counts + note)


def cliques(means: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """Return the maximal groups of ascending mean ranks that are closer than the difference.

    >>> cliques([1.0, 1.5, 2.2, 4.0], 1.3)
    [(0, 2)]
    """
    found: list[tuple[int, int]] = []
    for first, low in enumerate(means):
        last = max(i for i, high in enumerate(means) if high - low < difference or i == first)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _verdict(test: RankTest) -> str:
    return f"Friedman p = {test.p_value:.2g}, critical difference {test.critical_difference:.2f}"


def _draw_axis(
    axes: Axes, means: "pd.Series[float]", test: RankTest, shown: list[str], height: float
) -> None:
    k = len(means)
    axes.set_xlim(1, k)
    axes.set_ylim(3 - height / _ROW, 2.6)
    axes.set_axis_off()
    axes.plot([1, k], [0, 0], color="0.2", linewidth=0.8, gid="axis")
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1_000) if (k - 1) / s <= 9)
    places = [1, *(place for place in range(step, k + 1, step) if place - 1 >= 0.6 * step)]
    for place in places:
        axes.plot([place, place], [0, 0.25], color="0.2", linewidth=0.6)
        axes.text(place, 0.35, str(place), ha="center", va="bottom", fontsize=SMALL)
    for name, mean in means.items():
        if name not in shown:
            axes.plot([mean, mean], [-0.25, 0], color=FAINT, linewidth=0.7, gid=str(name))
    # With many algorithms on few problems, the difference can be longer than the axis.
    end = min(1 + test.critical_difference, k)
    axes.plot([1, end], [1.7, 1.7], color="0.2", linewidth=1, marker="|", gid="difference")
    axes.text((1 + end) / 2, 1.85, "critical difference", ha="center", va="bottom", fontsize=SMALL)


def _draw_labels(
    axes: Axes,
    means: "pd.Series[float]",
    look: dict[str, Look],
    labels: dict[str, str],
    options: Options,
    top: float,
) -> None:
    """Draw the better half on the left and the others on the right, lines never crossing."""
    low, high = axes.get_xlim()
    half = -(-len(means) // 2)
    room = 0.3 * options.inches * POINTS
    for i, (name, mean) in enumerate(means.items()):
        left = i < half
        y = top - (i if left else len(means) - 1 - i)
        edge, align = (low, "right") if left else (high, "left")
        style: dict[str, Any] = {"color": look[str(name)].colour if name in look else "0.3"}
        axes.plot([mean, mean, edge], [0, y, y], linewidth=0.7, gid=str(name), **style)
        text = fitted(labels[str(name)], SMALL, room)
        axes.annotate(
            text, (edge, y), (-2 if left else 2, 0), textcoords="offset points", ha=align,
            va="center", fontsize=SMALL, annotation_clip=False, **style,
        )  # fmt: skip
