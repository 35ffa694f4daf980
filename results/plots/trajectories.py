"""The course of every run: its expected utility against the budget that it has spent.

Each value belongs to the Pareto set that a fit would have returned at that time, measured at the
corners and the centre of the simplex. Before its first milestone, an algorithm has the pretrained
model. A run without a result never has anything else, so that a failure flatters nobody.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ..archive.iohanalyzer import QUANTITY, before_the_first_milestone
from ..results import Results
from .highlight import names_of
from .options import Options

Array = NDArray[np.float64]
STEPS = 64
_RANGE = 1_000.0
_BEYOND = 1.15  # so that the values of final sets are seen as lines


@dataclass(frozen=True, kw_only=True)
class Course:
    """One run: increasing `places` on the budget's axis, and the value from each of them on."""

    places: Array
    values: Array

    def at(self, grid: Array, start: float) -> Array:
        """Return the value at each place of a grid; `start` before the first place."""
        index = np.searchsorted(self.places, grid, side="right")
        return np.concatenate([[start], self.values])[index]


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """The courses of all runs.

    Attributes:
        names: Display names.
        problems: Problems, with the value of the pretrained model on each.
        seeds: Seeds.
        courses: By name, problem and seed; missing where there is no result.
        measured: `test`, or `validation` for results without milestones.
    """

    names: list[str]
    problems: dict[str, float]
    seeds: list[int]
    courses: dict[tuple[str, str, int], Course]
    measured: str

    def grid(self) -> Array:
        """Return places on a logarithmic axis, from the first positive one to beyond the last."""
        found = np.concatenate([course.places for course in self.courses.values()])
        last = float(found.max()) if found.max() > 0 else 1.0
        positive = found[found > 0]
        first = max(float(positive.min()) if len(positive) else last, last / _RANGE)
        first = min(first, last / 10)
        return np.geomspace(first, last * _BEYOND, STEPS)

    def values(self, grid: Array) -> NDArray[np.float64]:
        """Return the values at `(g,)` places: `(names, problems, seeds, g)`."""
        shape = (len(self.names), len(self.problems), len(self.seeds), len(grid))
        found = np.empty(shape)
        for i, name in enumerate(self.names):
            for j, (problem, start) in enumerate(self.problems.items()):
                for k, seed in enumerate(self.seeds):
                    course = self.courses.get((name, problem, seed))
                    found[i, j, k] = start if course is None else course.at(grid, start)
        return found


def trajectories(results: Results, options: Options) -> Trajectories:
    """Return the courses of all runs, from milestones on test or else from traces on validation.

    Args:
        results: With `milestones`, or `traces` of `validation_expected_utility`.
        options: With the axis.

    Raises:
        ParameterError: If the results have neither.
    """
    rows, measured = _milestones(results), "test"
    if rows.empty:
        rows, measured = _traces(results), "validation"
    if rows.empty:
        raise ParameterError(
            "`results` must have milestones to show the course of runs. Found none: no run is "
            "done, none of the selected algorithms reports milestones, or fusefront was older "
            "than they are. Compute the runs again with `fusefront run`."
        )
    column = {"units": "units", "seconds": "wall_seconds"}[options.axis]
    known = rows.dropna(subset=[column])
    if known.empty:
        raise ParameterError(
            f"`axis` must be one that the results have. Found no {options.axis} in any milestone. "
            "Choose the other axis."
        )
    tasks = results.fronts.groupby("problem")["task"].nunique()
    keys = results.runs.set_index("run_id")[["display_name", "problem", "seed"]]
    courses = {}
    for run_id, own in known.groupby("run_id", sort=False):
        name, problem, seed = keys.loc[run_id]
        own = own.sort_values([column], kind="stable").drop_duplicates(column, keep="last")
        courses[str(name), str(problem), int(str(seed))] = Course(
            places=own[column].to_numpy(float), values=own["value"].to_numpy(float)
        )
    problems = sorted({problem for _, problem, _ in courses})
    return Trajectories(
        names=names_of(results),
        problems={name: before_the_first_milestone(int(tasks[name])) for name in problems},
        seeds=sorted({seed for _, _, seed in courses}),
        courses=courses,
        measured=measured,
    )


def _milestones(results: Results) -> pd.DataFrame:
    rows = results.milestones
    if rows.empty:
        return pd.DataFrame(columns=["run_id", "units", "wall_seconds", "value"])
    stage = ["run_id", "units", "wall_seconds"]
    points = rows.groupby([*stage, "point"], sort=False, dropna=False)
    task, m = points.cumcount(), points["task"].transform("size")
    centre = rows["point"].astype(int) == m
    weight = np.where(centre, 1 / m, (rows["point"].astype(int) == task).astype(float))
    shares = rows[[*stage, "point"]].assign(share=weight * rows["objective"])
    utility = shares.groupby([*stage, "point"], sort=False, dropna=False)["share"].max()
    means = utility.groupby(level=stage, sort=False, dropna=False).mean()
    return means.rename("value").reset_index().dropna(subset=["value"])


def _traces(results: Results) -> pd.DataFrame:
    rows = results.traces[results.traces["metric"] == QUANTITY]
    return rows[["run_id", "units", "wall_seconds", "value"]].dropna(subset=["value"])
