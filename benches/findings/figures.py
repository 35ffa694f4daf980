"""The figures of the page."""

import io
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator
from PIL import Image

from fusefront.metrics.nondominated import nondominated
from fusefront.results.plots.drawing import COLOURS, GREY, LIGHT
from fusefront.results.plots.front import plot_front
from fusefront.results.statistics.comparison import (
    best,
    mean_ranks,
    over_problems,
    rank_test,
    ranks,
)

from .claims import Claims
from .study import DIRECTION, FAMILIES, SOUP, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 110
BEST = 30
PAIR = "digits-left-right"
COSTS = {"storage": "storage of the Pareto set, models", "wall-seconds": "wall time of a fit, s"}
OUTPUTS = {"constant": "^", "finite": "s", "map": "o"}
FAMILY_COLOURS = dict(zip(FAMILIES.values(), COLOURS, strict=True))
LINES: dict[str, Literal["-", "--", ":"]] = {
    "rewarded soup": "-",
    "best constant": "--",
    "best merged constant": ":",
}
SECOND = 0.5  # below it the axis of time is linear
WORST = 1.0  # expected utility above it is counted, not drawn
PROBLEM_MARKERS = "ovs^DPX*"


def draw_costs(study: Study, claims: Claims, path: Path) -> None:
    """Draw expected utility against storage and time, with a column per group of problems."""
    groups = list(dict.fromkeys(study.groups.values()))
    figure = Figure(figsize=(4 * len(groups), 7.6), layout="constrained")
    panels = figure.subplots(len(COSTS), len(groups), sharey="col", squeeze=False)
    for row, cost in zip(panels, COSTS, strict=True):
        for axes, group in zip(row, groups, strict=True):
            _draw_cost(axes, study, cost, group)
            _draw_margin(axes, study, claims, group)
    for axes in panels[:, 0]:
        axes.set_ylabel("expected utility, lower is better", fontsize=8)
    used = [f for f in FAMILY_COLOURS if f in set(study.kinds["family"])]
    handles = [_dot(FAMILY_COLOURS[name], "o", name) for name in used]
    handles += [_dot(GREY, marker, f"Pareto set: {name}") for name, marker in OUTPUTS.items()]
    handles += [
        Line2D([], [], color="0.3", linestyle=style, label=name) for name, style in LINES.items()
    ]
    legend: dict[str, Any] = {"loc": "outside lower center", "frameon": False, "fontsize": 8}
    handles.append(_dot("0.35", "|", "95 % interval of a gain"))
    figure.legend(handles=handles, ncols=5, **legend)
    _save(figure, path)


def draw_ranks(study: Study, path: Path) -> None:
    """Draw the best mean ranks, their spread over seeds, and the rank on each problem."""
    each = ranks(study.rivals, direction=DIRECTION)
    means = mean_ranks(study.rivals, direction=DIRECTION).head(BEST)
    figure = Figure(figsize=(8.4, 1.8 + 0.21 * len(means)), layout="constrained")
    axes = figure.subplots()
    _decorate(axes)
    places = np.arange(len(means))
    colours = study.kinds["family"][means.index].map(FAMILY_COLOURS).fillna(GREY)
    for marker, problem in zip(cycle(PROBLEM_MARKERS), each.columns, strict=False):
        axes.scatter(
            each[problem].reindex(means.index),
            places,
            marker=marker,
            s=16,
            facecolors="none",
            edgecolors="0.62",
            linewidths=0.7,
            label=problem,
        )
    axes.hlines(
        places,
        means["rank"] - means["seed_spread"],
        means["rank"] + means["seed_spread"],
        colors=list(colours),
        linewidth=3,
        alpha=0.45,
    )
    axes.scatter(means["rank"], places, s=34, c=list(colours), zorder=3, edgecolors="white")
    axes.set_yticks(places, _starred(means, len(each.columns)), fontsize=7.5)
    axes.set_ylim(len(means) - 0.4, -1.9)
    axes.set_xlabel(f"rank among {len(each)} algorithms, 1 is the best", fontsize=8)
    _draw_critical_difference(axes, each, float(means["rank"].iloc[0]))
    legend: dict[str, Any] = {"loc": "outside lower center", "frameon": False, "fontsize": 7}
    figure.legend(ncols=3, **legend)
    _save(figure, path)


def draw_fronts(study: Study, path: Path) -> None:
    """Draw one pair: the soup line, the best constant, the best finite set and the best map."""
    pairs = [problem for problem, group in study.groups.items() if group == "pairs"]
    problem = PAIR if PAIR in set(study.rivals["problem"]) else pairs[0]
    own = study.rivals[study.rivals["problem"] == problem]
    names = [SOUP]
    for output in OUTPUTS:
        kind = study.kinds.index[study.kinds["output"] == output]
        names += list(best(own[own["display_name"].isin(kind)], direction=DIRECTION))
    plot_front(study.results, path, problems=[problem], algorithms=list(dict.fromkeys(names)))


def _draw_cost(axes: "Axes", study: Study, cost: str, group: str) -> None:
    frame = _utility_and_cost(study, cost, group)
    _decorate(axes)
    axes.set_title(group, fontsize=9.5, fontweight="bold")
    axes.set_xlabel(COSTS[cost], fontsize=8)
    if frame.empty:
        return
    shown = frame[frame["utility"] <= WORST]
    for (family, output), own in shown.groupby(["family", "output"]):
        look: dict[str, Any] = {
            "color": FAMILY_COLOURS.get(str(family), GREY),
            "marker": OUTPUTS.get(str(output)),
        }
        axes.scatter(
            own["cost"], own["utility"], s=24, linewidths=0.4, edgecolors="white", zorder=3, **look
        )
    if cost == "storage":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xscale("symlog", linthresh=SECOND, linscale=0.4)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(left=-0.1 * SECOND)
        axes.xaxis.set_major_locator(FixedLocator([0, SECOND, 1, 2, 5, 10, 20, 50, 100, 200, 500]))
    axes.xaxis.set_major_formatter("{x:g}")
    for name, height in _lines(study, group).items():
        axes.axhline(height, color="0.3", linestyle=LINES[name], linewidth=0.9, zorder=0)
    keep = nondominated(shown[["cost", "utility"]].to_numpy())
    _name_points(axes, shown[keep].sort_values("cost"))
    if beyond := len(frame) - len(shown):
        axes.text(
            0.99, 0.99, f"{beyond} above {WORST:g} not shown", transform=axes.transAxes,
            ha="right", va="top", fontsize=7, color="0.35", style="italic",
        )  # fmt: skip


def _draw_margin(axes: "Axes", study: Study, claims: Claims, group: str) -> None:
    """Draw the median 95 % interval of a gain on a problem of the group, beside the points."""
    own = claims.of(SOUP)
    margin = own.loc[own["problem"].map(study.groups) == group, "margin"].median()
    low, high = axes.get_ylim()
    middle = high - 0.08 * (high - low) - margin
    axes.errorbar(
        0.97, middle, yerr=margin, transform=axes.get_yaxis_transform(),
        color="0.35", linewidth=1, capsize=3,
    )  # fmt: skip


def _utility_and_cost(study: Study, cost: str, group: str) -> pd.DataFrame:
    """Return `utility`, `cost`, `family` and `output` of algorithms that have both on a group."""
    own = {problem: name for problem, name in study.groups.items() if name == group}
    costs = study.costs[study.costs["cost"] == cost]
    found = pd.DataFrame(
        {
            "utility": over_problems(study.rivals, own)["mean"].round(4),
            "cost": over_problems(costs, own)["mean"],
        }
    )
    found["cost"] = found["cost"].round(2 if cost == "storage" else 9)
    found = found.dropna().droplevel("group")
    return found.join(study.kinds[["family", "output"]])


def _lines(study: Study, group: str) -> dict[str, float]:
    """Return the utilities of the baselines on a group, as far as they are known."""
    rivals, problems = study.rivals, study.rivals["problem"]
    baselines = {
        "rewarded soup": SOUP,
        "best constant": problems.map(study.constants),
        "best merged constant": problems.map(study.merged_constants),
    }
    named = pd.concat(
        rivals[rivals["display_name"] == baseline].assign(display_name=name)
        for name, baseline in baselines.items()
    )
    own = {problem: name for problem, name in study.groups.items() if name == group}
    means = over_problems(named, own)["mean"].droplevel("group")
    return {str(name): float(value) for name, value in means.items()}


def _name_points(axes: "Axes", front: pd.DataFrame) -> None:
    """Connect the Pareto-optimal points, cheapest first, and label them below all points."""
    axes.step(front["cost"], front["utility"], where="post", color="0.75", linewidth=0.8, zorder=0)
    low, high = axes.get_ylim()
    across = axes.transData + axes.transAxes.inverted()
    line = 0.045 * (high - low)
    height = front["utility"].min()
    for name, cost, utility in front[["cost", "utility"]].itertuples(name=None):
        height -= line
        leftward = across.transform((cost, utility))[0] > 0.35
        axes.annotate(
            str(name),
            (cost, utility),
            xytext=(-7 if leftward else 7, height),
            textcoords=("offset points", "data"),
            fontsize=6.5,
            ha="right" if leftward else "left",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.5, "shrinkB": 2},
        )
    axes.set_ylim(min(low, height - line), high)


def _draw_critical_difference(axes: "Axes", each: pd.DataFrame, first: float) -> None:
    test = rank_test(each)
    if test is None:
        return
    end = first + test.critical_difference
    axes.plot([first, end], [-1, -1], color="black", linewidth=1.4, marker="|", markersize=7)
    axes.text(
        first, -1.25, f"Nemenyi's critical difference, {test.critical_difference:.1f}: "
        "means this close to the first cannot be told apart", fontsize=7, va="bottom",
    )  # fmt: skip


def _starred(means: pd.DataFrame, problems: int) -> list[str]:
    return [
        f"{name}{'' if count == problems else '*'}"
        for name, count in zip(means.index, means["problems"], strict=True)
    ]


def _decorate(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=LIGHT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7.5, color="0.6")


def _dot(colour: str, marker: str, label: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, linestyle="", markersize=5.5, label=label)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=DPI)
    Image.open(sink).convert("RGB").quantize(256).save(path, optimize=True)  # a third of the size
