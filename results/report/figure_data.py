"""What the interactive figures show, as plain lists that JSON can hold."""

from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import ParameterError
from ..plots.highlight import highlighted, names_of
from ..plots.options import Options
from ..plots.panels import Panel, panels
from ..plots.systems import systems_of
from ..plots.trajectories import Trajectories, trajectories
from ..plots.values import direction_of, run_values, title_of
from ..results import Results
from .safe import number

COSTS: Final = {
    "units": "Units",
    "wall_seconds": "Wall seconds",
    "peak_bytes": "Peak bytes",
    "storage_bytes": "Storage bytes",
    "inference_passes": "Inference passes",
}
"""Columns of `runs` that the figure of cost against quality can show."""
_EVERY: Final = 2  # places of a curve that are kept: 32 of 64 are enough for a screen


def figure_data(results: Results, options: Options) -> dict[str, Any]:
    """Return the data of all figures.

    Args:
        results: With at least one done run.
        options: With the metric.

    Returns:
        `names` of the algorithms, to which all other lists refer by index; `highlight`, the
        indices that are in colour at first; `fronts` per problem, `cells` and `curves`.
    """
    names = names_of(results)
    index = {name: i for i, name in enumerate(names)}
    systems = systems_of(results, options)
    return {
        "names": names,
        "systems": [index[name] for name in names if name in systems],
        "highlight": [index[name] for name in highlighted(results, options)],
        "metric": options.metric,
        "title": title_of(options.metric),
        "direction": direction_of(options.metric),
        "fronts": [_front(panel, index) for panel in panels(results)],
        "cells": _cells(results, options, index),
        "curves": _curves(results, options),
    }


def _front(panel: Panel, index: dict[str, int]) -> dict[str, Any]:
    return {
        "problem": panel.problem,
        "tasks": panel.tasks,
        "anchors": {kind: _rows(points) for kind, points in panel.anchors.items()},
        "points": [[index[name], _rows(rows)] for name, rows in panel.objectives.items()],
        "absent": panel.absent,
    }


def _rows(points: Any) -> list[list[float | None]]:
    return [[number(value) for value in row] for row in np.unique(points, axis=0)]


def _cells(results: Results, options: Options, index: dict[str, int]) -> dict[str, Any]:
    """Return quality and costs of each algorithm on each problem, means over seeds.

    A value is null if a run has no result, so that a failure flatters nobody.
    """
    quality = run_values(results, options.metric)
    costs = {name: title for name, title in COSTS.items() if results.runs[name].notna().any()}
    runs = pd.DataFrame(results.runs[["display_name", "problem", "seed", *costs]])
    rows = quality.merge(runs, on=["display_name", "problem", "seed"], how="left")
    columns = ["value", *costs]
    rows[columns] = rows[columns].apply(pd.to_numeric).astype(float)
    grouped = rows.groupby(["problem", "display_name"], sort=False)
    means, whole = grouped[columns].mean(), grouped["value"].count() == grouped.size()
    means["value"] = means["value"].where(whole)
    return {
        "problems": list(quality["problem"].unique()),
        "costs": costs,
        "rows": [
            [str(problem), index[str(name)], *(number(value) for value in values)]
            for (problem, name), values in zip(means.index, means.to_numpy(), strict=True)
        ],
    }


def _curves(results: Results, options: Options) -> dict[str, Any] | None:
    """Return the mean course of each algorithm on each problem, or None without milestones."""
    try:
        found = trajectories(results, options)
    except ParameterError:  # neither milestones nor traces
        return None
    grid = found.grid()[::_EVERY]
    values = found.values(grid).mean(axis=2)
    return {
        "measured": found.measured,
        "problems": list(found.problems),
        "places": [number(place) for place in grid],
        "values": _known(found, values),
    }


def _known(found: Trajectories, values: Any) -> list[list[list[float | None] | None]]:
    """Return curves by algorithm and problem, null where no seed has one."""
    have = {(name, problem) for name, problem, _ in found.courses}
    return [
        [
            [number(value, 3) for value in values[i, j]] if (name, problem) in have else None
            for j, problem in enumerate(found.problems)
        ]
        for i, name in enumerate(found.names)
    ]
