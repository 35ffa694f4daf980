"""Median fronts over seeds, between the surfaces that the best and the worst seed attain."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from moocore import eaf

from ...errors import ParameterError
from ..results import Results
from .anchors import anchor_handles, draw_anchors, drawn_anchors
from .canvas import counted, finish, handles_of, labels_of, name_panel, panels_of
from .front import REST, frame_plane
from .highlight import highlighted
from .limits import LIMIT, Array
from .options import Options
from .panels import Panel, panels_with
from .style import Look, looks
from .values import matrix

Surfaces = dict[str, dict[str, Array]]
"""By algorithm, the corners of its `best`, `median` and `worst` attainment surface."""


def draw_attainment(results: Results, options: Options) -> Figure:
    """Return the median attainment surfaces of problems with two tasks.

    A surface of share q separates what q of the seeds attain from what fewer do. Bands of
    highlighted algorithms reach from the best seed to the worst.

    Args:
        results: With fronts of problems with two tasks, and two or more seeds.
        options: With the highlighted algorithms.
    """
    shown = panels_with(results, range(2, 3), "attainment")
    of_runs = matrix(results)
    found = {panel.problem: surfaces(results, panel, of_runs) for panel in shown}
    if not any(found.values()):
        raise ParameterError(
            "The figure `attainment` must have an algorithm with two or more seeds on a problem. "
            "Found one seed. Add seeds with `fusefront run --seeds 3`, or choose the kind `front`."
        )
    look = looks(highlighted(results, options))
    figure, places = panels_of(len(shown), options, ratio=1.0)
    for axes, panel in zip(places, shown, strict=True):
        name_panel(axes, panel.problem, options)
        axes.set_box_aspect(1)
        draw_anchors(axes, panel)
        _draw(axes, found[panel.problem], look)
        frame_plane(axes, panel, options)
    names = {name for own in found.values() for name in own}
    drawn = {name: one for name, one in look.items() if name in names}
    handles = handles_of(drawn, labels_of(results, options), len(names - set(drawn)), marker=False)
    runs = results.runs[results.runs["problem"].isin([panel.problem for panel in shown])]
    title = counted("Median front over seeds, g of each task ↓", runs, "band from best to worst")
    return finish(figure, options, title, [*handles, *anchor_handles(drawn_anchors(shown))])


def surfaces(results: Results, panel: Panel, of_runs: Mapping[str, Array]) -> Surfaces:
    """Return the attainment surfaces of the algorithms of a problem with two or more seeds."""
    runs = results.runs[results.runs["problem"] == panel.problem]
    found = {}
    for name, run_ids in runs.groupby("display_name", sort=False)["run_id"]:
        fronts = [of_runs[run_id] for run_id in run_ids if run_id in of_runs]
        fronts = [front for front in fronts if len(front)]
        if len(fronts) > 1:
            found[str(name)] = _surfaces(fronts)
    return found


def _surfaces(fronts: Sequence[Array]) -> dict[str, Array]:
    sets = np.repeat(np.arange(len(fronts)) + 1, [len(front) for front in fronts])
    levels = {"best": 100 / len(fronts), "median": 50.0, "worst": 100.0}
    table = eaf(np.concatenate(fronts), sets=sets, percentiles=sorted(set(levels.values())))
    return {
        label: np.unique(table[np.isclose(table[:, -1], level), :2], axis=0)
        for label, level in levels.items()
    }


def _draw(axes: Axes, found: Surfaces, look: Mapping[str, Look]) -> None:
    far = 10 * LIMIT + max(float(own["worst"].max()) for own in found.values()) if found else LIMIT
    for name, own in found.items():
        x, y = own["median"].T
        if name not in look:
            axes.step(x, y, ".-", where="post", gid=name, **REST)
            continue
        # between two step lines over common places, each from its first corner on
        places = np.unique(np.concatenate([own["best"][:, 0], own["worst"][:, 0], [far]]))
        low, high = (_height(own[label], places, far) for label in ("best", "worst"))
        band = axes.fill_between(places, low, high, step="post", zorder=2)
        band.set(color=look[name].colour, alpha=0.15, linewidth=0, gid=f"band {name}")
        axes.step(x, y, where="post", linewidth=1.1, zorder=3, gid=name, **look[name].line)
        if len(x) == 1:
            axes.scatter(x, y, s=9, zorder=3, **look[name].dots)


def _height(corners: Array, places: Array, far: float) -> Array:
    """Return the height of a surface at each place; `far` before its first corner."""
    index = np.searchsorted(corners[:, 0], places, side="right")
    return np.concatenate([[far], corners[:, 1]])[index]
