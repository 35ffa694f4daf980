"""The values that figures show: of runs, and of points.

Expected utility and costs are read from the tables, because deriving all scores of an archive
takes up to half a minute.
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ...metrics import METRICS
from ..results import Results
from ..statistics.comparison import COLUMNS, scored

UTILITY: Final = "expected-utility"
ARROWS: Final = {"minimise": "↓", "maximise": "↑"}


def direction_of(metric: str) -> str:
    """Return `minimise` or `maximise`.

    Raises:
        UnknownNameError: If no metric has this name.
    """
    return METRICS[metric].labels.get("direction", "minimise")


def title_of(metric: str) -> str:
    """Return the metric for titles and axes, such as `Expected utility ↓`."""
    name = METRICS[metric].name.replace("-", " ")
    return f"{name[:1].upper()}{name[1:]} {ARROWS[direction_of(metric)]}"


def phrase_of(metric: str) -> str:
    """Return the metric within a sentence, such as `expected utility ↓`."""
    text = title_of(metric)
    return f"{text[:1].lower()}{text[1:]}"


def point_utilities(results: Results) -> pd.DataFrame:
    """Return max_i p_i g_i of the model returned for each preference p; lower is better.

    Returns:
        One row per run and point with objectives on all tasks: `run_id`, `point` and `utility`.
    """
    fronts = results.fronts
    place = fronts.groupby(["run_id", "point"], sort=False).cumcount()
    weight = np.array([p[i] for p, i in zip(fronts["preference"], place, strict=True)], dtype=float)
    shares = fronts[["run_id", "point"]].assign(utility=weight * fronts["objective"])
    grouped = shares.groupby(["run_id", "point"], sort=False)["utility"]
    whole = grouped.count() == grouped.size()
    return pd.DataFrame(grouped.max()[whole].reset_index())


def utilities(results: Results) -> "pd.Series[float]":
    """Return the expected utility of each run that has one, by `run_id`; lower is better."""
    return point_utilities(results).groupby("run_id", sort=False)["utility"].mean()


def run_values(results: Results, metric: str) -> pd.DataFrame:
    """Return the value of a metric for each run: the columns of `comparison.scored`.

    Args:
        results: With fronts for `expected-utility`, with scores for other metrics of quality.
        metric: Its name. Runs without a value have NaN, and problems without any are left out.

    Raises:
        UnknownNameError: If no metric has this name.
        ParameterError: If no run has a value.
    """
    entry = METRICS[metric]
    column = entry.name.replace("-", "_")
    runs = results.runs
    if entry.name == UTILITY:
        values = runs["run_id"].map(utilities(results))
    elif entry.labels.get("kind") == "cost" and column in runs.columns:
        values = runs[column].where(runs["status"] == "done")
    elif not results.scores_of(entry.name).empty:
        return scored(results, entry.name)
    else:
        values = pd.Series(np.nan, index=runs.index)
    frame = pd.DataFrame(runs[list(COLUMNS[:-1])]).assign(value=pd.to_numeric(values).astype(float))
    known = frame.loc[frame["value"].notna(), "problem"].unique()
    if not len(known):
        raise ParameterError(
            f"`results` must have values of `{entry.name}`. Found none: no run is done, its "
            "problems lack what the metric needs, or the selection is empty. Choose another "
            "metric, or see `fusefront status`."
        )
    return frame[frame["problem"].isin(known)]


def matrix(results: Results) -> dict[str, NDArray[np.float64]]:
    """Return the `(n, m)` objectives of each run by `run_id`, without incomplete points."""
    fronts = results.fronts
    found = {}
    for run_id, rows in fronts.groupby("run_id", sort=False):
        tasks = rows["task"].unique()
        table = rows.pivot(index="point", columns="task", values="objective")
        found[str(run_id)] = table.reindex(columns=tasks).dropna().to_numpy(dtype=float)
    return found
