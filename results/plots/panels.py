"""The data of a figure of fronts: one run per algorithm, and the anchors, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...registry import unknown_name
from ..missing import coverage
from ..results import Results

Array = NDArray[np.float64]
SELECTOR = "hypervolume"


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
    results: Results, problems: list[str] | None, algorithms: list[str] | None
) -> list[Panel]:
    """Return a panel per problem with points, in the order of `problems` or of the results."""
    runs = results.runs
    names = _names(runs, algorithms)
    known = list(runs["problem"].unique())
    for problem in problems or []:
        if problem not in known:
            raise unknown_name("Problem", problem, known)
    made = [_panel(results, problem, names) for problem in problems or known]
    return [panel for panel in made if panel.objectives]


def algorithm_names(results: Results, algorithms: list[str] | None) -> list[str]:
    """Return the display names of the selected algorithms, in the order of every figure."""
    return _names(results.runs, algorithms)


def uses_scores(results: Results) -> bool:
    """Return whether runs are selected by hypervolume; otherwise the first seed is selected."""
    return SELECTOR in results.metrics()


def _names(runs: pd.DataFrame, algorithms: list[str] | None) -> list[str]:
    ordered = runs.sort_values(["algorithm", "parameters"], kind="stable")
    shown = ordered.drop_duplicates("display_name")
    if algorithms is None:
        return list(shown["display_name"])
    picked: dict[str, None] = {}
    for name in algorithms:
        match = shown[(shown["display_name"] == name) | (shown["algorithm"] == name)]
        if match.empty:
            raise unknown_name("Algorithm", name, list(shown["display_name"]))
        picked |= dict.fromkeys(match["display_name"])
    return list(picked)


def _panel(results: Results, problem: str, names: list[str]) -> Panel:
    runs = results.runs[results.runs["problem"] == problem]
    fronts = results.fronts[results.fronts["problem"] == problem]
    scores = results.scores_of(SELECTOR)
    panel = Panel(problem=problem, tasks=list(fronts["task"].unique()))
    valued = runs.assign(value=(runs["status"] == "done").map({True: 0.0, False: np.nan}))
    needed = coverage(valued).needed.sum(axis=1)
    for name in names:
        own = runs[runs["display_name"] == name]
        expected = int(needed.get(name, 0))
        run_id = _median_run(own, scores, expected)
        table = fronts[fronts["run_id"] == run_id].pivot(
            index="point", columns="task", values="objective"
        )
        table = table.reindex(columns=panel.tasks).dropna()
        if table.empty:
            status = "absent" if own.empty else str(own["status"].iloc[0])
            panel.absent.setdefault(status, []).append(name)
            continue
        done = int((own["status"] == "done").sum())
        if done < expected:
            panel.absent.setdefault(f"{done} of {expected} runs", []).append(name)
        panel.objectives[name] = table.to_numpy(dtype=float)
        points = results.points[results.points["run_id"] == run_id]
        asked = dict(zip(points["point"], points["preference"], strict=True))
        panel.even[name] = _most_even([asked.get(point) for point in table.index])
    panel.anchors.update(_anchors(results.problems, problem, panel.tasks))
    return panel


def _median_run(runs: pd.DataFrame, scores: pd.DataFrame, needed: int) -> str | None:
    """Return the done run of median hypervolume (the lower of two), or the first seed.

    Missing runs count as the worst. If one of them is the median, the worst done run is returned.
    """
    done = runs[runs["status"] == "done"].sort_values("seed", kind="stable")
    if done.empty:
        return None
    own = scores[scores["run_id"].isin(done["run_id"])]
    own = own.dropna(subset=["value"]).fillna({"reference": ""})
    if own.empty:
        return str(done["run_id"].iloc[0])
    own = own[own["reference"] == own["reference"].iloc[0]]
    own = own.sort_values(["value", "seed"], kind="stable")
    missing = max(needed - len(own), 0)
    return str(own["run_id"].iloc[max((missing + len(own) - 1) // 2 - missing, 0)])


def _most_even(preferences: Sequence[Array | None]) -> int:
    """Return the row whose preference has the smallest maximum, or the first without any."""
    return int(np.argmin([np.inf if p is None else np.max(p) for p in preferences]))


def _anchors(problems: pd.DataFrame, problem: str, tasks: list[str]) -> dict[str, Array]:
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
