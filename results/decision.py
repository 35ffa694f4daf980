"""Choosing one model: floors per task, a preference, the knee, and what each choice gives up."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ParameterError
from ..metrics.nondominated import nondominated
from ..registry import unknown_name
from .results import Results

Array = NDArray[np.float64]
VALIDATION: Final = "validation"
TEST: Final = "test"


def candidates(results: Results, problem: str) -> pd.DataFrame:
    """Return all models of all done runs of a problem, one per point.

    Args:
        results: With fronts and problems.
        problem: Its name.

    Returns:
        Columns `algorithm`, `display_name`, `seed`, `run_id`, `point`, `preference`, and for each
        task t `value:t` (test), `objective:t` (test) and `decided:t`, the objective by which models
        are chosen. It is that of validation, on the scale of the anchors on test, so that the test
        stays untouched. `attrs["decided_on"]` is `test` if there are no values on validation.

    Raises:
        UnknownNameError: If no run is of this problem.
        ParameterError: If no run of it is done.
    """
    names = list(results.runs["problem"].unique())
    if problem not in names:
        raise unknown_name("Problem", problem, names)
    fronts = results.fronts[results.fronts["problem"] == problem]
    if fronts.empty:
        raise ParameterError(
            f"`{problem}` must have a run that is done. Found none. Repeat its `fusefront run`."
        )
    on_validation = fronts["validation_value"].notna().all()
    anchors = results.problems[results.problems["problem"] == problem]
    value = anchors.pivot_table(index="task", columns="model", values="value")
    expert = fronts["task"].map({task: value.at[task, task] for task in value.index})
    pretrained = fronts["task"].map(value["pretrained"])
    decided = fronts["validation_value"] if on_validation else fronts["value"]
    fronts = fronts.assign(decided=(expert - decided) / (expert - pretrained))
    keys = ["algorithm", "display_name", "seed", "run_id", "point"]
    wide = fronts.pivot_table(index=keys, columns="task", values=["value", "objective", "decided"])
    tasks = list(dict.fromkeys(fronts["task"]))
    order = [(kind, task) for kind in ("value", "objective", "decided") for task in tasks]
    wide = wide[order]
    wide.columns = pd.Index([f"{kind}:{task}" for kind, task in order])
    preferences = fronts.drop_duplicates(["run_id", "point"]).set_index(["run_id", "point"])
    frame = wide.reset_index()
    rows = pd.MultiIndex.from_frame(frame[["run_id", "point"]])
    frame.insert(5, "preference", preferences["preference"].reindex(rows).to_list())
    frame.attrs["tasks"] = tasks
    frame.attrs["decided_on"] = VALIDATION if on_validation else TEST
    return frame


def meeting(frame: pd.DataFrame, floors: Mapping[str, float]) -> pd.DataFrame:
    """Return the candidates whose values on test reach every floor.

    Args:
        frame: As returned by `candidates`.
        floors: Least value of some tasks, in the units of the task's metric.

    Raises:
        UnknownNameError: If a task is unknown.
        ParameterError: If no candidate reaches all floors; it names the best value of each task.
    """
    tasks = frame.attrs["tasks"]
    for task in floors:
        if task not in tasks:
            raise unknown_name("Task", task, tasks)
    reached = np.ones(len(frame), dtype=bool)
    for task, floor in floors.items():
        reached &= (frame[f"value:{task}"] >= floor).to_numpy()
    if not reached.any():
        best = ", ".join(f"{task}={frame[f'value:{task}'].max():.4f}" for task in floors)
        raise ParameterError(
            "`--floor` must be reached by a model on all tasks at once. Found none; the best of "
            f"each task alone: {best}. Lower a floor."
        )
    return frame[reached]


def ranked_by(frame: pd.DataFrame, preference: Sequence[float]) -> pd.DataFrame:
    """Return the candidates by their utility max_i p_i g_i, best first, with columns on it.

    `decided` is the utility by which they are ordered, `utility` that on test, and `regret` what
    `utility` exceeds the least utility on test by.
    """
    weights = np.asarray(preference, dtype=np.float64)
    frame = frame.assign(
        decided=(_of(frame, "decided") * weights).max(axis=1),
        utility=(_of(frame, "objective") * weights).max(axis=1),
    )
    frame["regret"] = frame["utility"] - frame["utility"].min()
    return frame.sort_values("decided", kind="stable")


def knee(frame: pd.DataFrame) -> int:
    """Return the place of the knee: the nondominated candidate that gives up least everywhere.

    Objectives are scaled to 0..1 over the nondominated candidates, and the knee has the least
    largest one: what it gives up against the best model of each task (Chebyshev distance to the
    ideal point).
    """
    objectives = _of(frame, "decided")
    front = objectives[nondominated(objectives)]
    low, span = front.min(axis=0), np.ptp(front, axis=0)
    scaled = (objectives - low) / np.where(span > 0, span, 1.0)
    return int(np.argmin(scaled.max(axis=1)))


def _of(frame: pd.DataFrame, kind: str) -> Array:
    """Return the `(n, m)` columns of a kind."""
    return frame[[f"{kind}:{task}" for task in frame.attrs["tasks"]]].to_numpy(dtype=float)
