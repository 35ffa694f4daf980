"""The data of a figure of fronts: one run per algorithm, and the anchors, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ...registry import unknown_name
from ..missing import coverage
from ..results import Results
from .highlight import names_of, picked
from .values import utilities

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The data of one problem: `(k, m)` objectives by algorithm, and those of the anchors.

    `even` is, by algorithm, the row with the most even preference. `anchors` maps the kind of
    anchor to `(r, m)` objectives; it is empty if the objectives of the problem cannot be
    normalised. `absent` maps what is missing to the algorithms that lack it: the status of those
    without points, and how many runs have a result where some lack one.
    """

    problem: str
    tasks: list[str]
    objectives: dict[str, Array] = field(default_factory=dict)
    even: dict[str, int] = field(default_factory=dict)
    anchors: dict[str, Array] = field(default_factory=dict)
    absent: dict[str, list[str]] = field(default_factory=dict)


def panels(
    results: Results,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
) -> list[Panel]:
    """Return a panel per problem with points, in the order of `problems` or of the results.

    Each algorithm is represented by its run of median expected utility, the worse of two, where
    missing runs count as the worst; without objectives to compare, by its first seed.
    """
    runs = results.runs
    names = names_of(results) if algorithms is None else picked(runs, algorithms)
    known = list(runs["problem"].unique())
    for problem in problems or []:
        if problem not in known:
            raise unknown_name("Problem", problem, known)
    found = {str(run_id): value for run_id, value in utilities(results).items()}
    made = [_panel(results, problem, names, found) for problem in problems or known]
    return [panel for panel in made if panel.objectives]


def panels_with(results: Results, tasks: range, kind: str) -> list[Panel]:
    """Return the panels of the problems with a given number of tasks.

    Raises:
        ParameterError: If there are none.
    """
    made = panels(results)
    if not made:
        raise ParameterError(
            "`results` must have at least one done run to plot. Found none for these problems "
            "and algorithms. See `fusefront status`."
        )
    found = [panel for panel in made if len(panel.tasks) in tasks]
    if not found:
        wanted = "two tasks" if tasks.stop == 3 else "three tasks"
        more = " or more" if tasks.stop > 4 else ""
        numbers = sorted({len(panel.tasks) for panel in made})
        raise ParameterError(
            f"The figure `{kind}` must have a problem with {wanted}{more}. Found only problems "
            f"with {', '.join(map(str, numbers))} tasks. Choose other results or another kind."
        )
    return found


def _panel(results: Results, problem: str, names: list[str], utility: Mapping[str, float]) -> Panel:
    columns = ["run_id", "problem", "display_name", "seed", "status"]
    runs = pd.DataFrame(results.runs[columns])
    runs = runs[runs["problem"] == problem]
    runs["utility"] = runs["run_id"].map(utility)
    valued = runs.assign(value=(runs["status"] == "done").map({True: 0.0, False: np.nan}))
    needed = coverage(valued).needed.sum(axis=1)
    by_name = dict(tuple(runs.groupby("display_name", sort=False)))
    median = {
        name: _median_run(by_name.get(name, runs.iloc[:0]), int(needed.get(name, 0)))
        for name in names
    }
    tasks, tables = _objectives(results, problem, list(median.values()))
    panel = Panel(problem=problem, tasks=tasks)
    for name, run_id in median.items():
        own = by_name.get(name, runs.iloc[:0])
        if run_id not in tables:
            status = "absent" if own.empty else str(own["status"].iloc[0])
            panel.absent.setdefault(status, []).append(name)
            continue
        done, expected = int((own["status"] == "done").sum()), int(needed.get(name, 0))
        if done < expected:
            panel.absent.setdefault(f"{done} of {expected} runs", []).append(name)
        panel.objectives[name], panel.even[name] = tables[run_id]
    panel.anchors.update(anchors_of(results.problems, problem, panel.tasks))
    return panel


def _objectives(
    results: Results, problem: str, chosen: list[str | None]
) -> tuple[list[str], dict[str | None, tuple[Array, int]]]:
    """Return the tasks, and by run its `(k, m)` objectives and the row of the most even one."""
    fronts = results.fronts[results.fronts["problem"] == problem]
    tasks = list(fronts["task"].unique())
    rows = fronts[fronts["run_id"].isin([run_id for run_id in chosen if run_id])]
    table = rows.pivot(index=["run_id", "point"], columns="task", values="objective")
    table = table.reindex(columns=tasks).dropna()
    points = results.points[results.points["run_id"].isin(rows["run_id"].unique())]
    asked = {
        (run_id, point): preference
        for run_id, point, preference in zip(
            points["run_id"], points["point"], points["preference"], strict=True
        )
    }
    return tasks, {
        str(run_id): (own.to_numpy(float), _most_even([asked.get(key) for key in own.index]))
        for run_id, own in table.groupby(level="run_id", sort=False)
    }


def _median_run(runs: pd.DataFrame, needed: int) -> str | None:
    """Return the done run of median expected utility (the worse of two), or the first seed.

    Missing runs count as the worst. If one of them is the median, the worst done run is returned.
    """
    columns = ("seed", "utility", "run_id")
    done = runs[runs["status"] == "done"]
    rows = sorted(zip(*(done[column].tolist() for column in columns), strict=True))
    if not rows:
        return None
    own = [row for row in rows if not np.isnan(row[1])]
    if not own:
        return str(rows[0][2])
    own.sort(key=lambda row: -row[1])
    missing = max(needed - len(own), 0)
    return str(own[max((missing + len(own) - 1) // 2 - missing, 0)][2])


def _most_even(preferences: Sequence[Array | None]) -> int:
    """Return the row whose preference has the smallest maximum, or the first without any."""
    return int(np.argmin([np.inf if p is None else np.max(p) for p in preferences]))


def anchors_of(problems: pd.DataFrame, problem: str, tasks: list[str]) -> dict[str, Array]:
    """Return the `(r, m)` objectives of the anchors, by the kind of anchor.

    Args:
        problems: The table `problems`.
        problem: The name of the problem.
        tasks: Its m tasks.
    """
    rows = problems[problems["problem"] == problem].drop_duplicates(["model", "task"])
    values = rows.pivot(index="model", columns="task", values="value").reindex(columns=tasks)
    if not {"pretrained", *tasks} <= set(values.index):
        return {}
    expert = np.diag(values.loc[tasks].to_numpy(dtype=float))
    span = expert - values.loc["pretrained"].to_numpy(dtype=float)
    if not (np.isfinite(span) & (span != 0)).all():
        return {}
    objectives = (expert - values) / span
    labels = {"pretrained": ["pretrained"], "average": ["average"], "expert": tasks}
    return {
        label: objectives.loc[[m for m in models if m in values.index]].dropna().to_numpy()
        for label, models in labels.items()
    }
