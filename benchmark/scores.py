"""Scores: every registered metric of every done run, derived from raw values and objectives."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..metrics import METRICS
from ..metrics.base import Inputs, Metric, evaluate
from ..results.references import load_reference
from ..results.results import Results
from .errors import StoreError
from .registry import Entry

if TYPE_CHECKING:
    import pandas as pd

REF_POINTS: Final = (1.0, 1.1)
"""Both reference points of hypervolume, the same in every objective: the pretrained model, and a
tenth beyond it, which gives points at its level some credit."""

_COLUMNS: Final = (
    *("run_id", "problem", "algorithm", "display_name", "seed"),
    *("metric", "value", "reference"),
)


def derive_scores(results: Results) -> "pd.DataFrame":
    """The scores table, long: one row a done run, metric and reference.

    A metric that needs a reference front is left out where the problem has none.
    """
    import pandas as pd

    entries = [(entry, entry.load()) for entry in METRICS]
    experts = _expert_values(results.problems)
    fronts = dict(tuple(results.fronts.groupby("run_id", sort=False)))
    rows: list[tuple[object, ...]] = []
    done = results.runs[results.runs["status"] == "done"]
    records: list[dict[str, Any]] = done.to_dict("records")  # type: ignore[assignment]
    for run in records:
        problem = run["problem"], run["problem_hash"]
        if problem not in experts:
            raise StoreError(
                f"The problem table of `{run['problem']}` must have the anchors of its runs. "
                "Found none. Run the same `fusefront run` command again: it writes them anew."
            )
        inputs = _inputs(run, fronts[run["run_id"]], experts[problem])
        identity = tuple(run[column] for column in _COLUMNS[:5])
        for entry, metric in entries:
            for value, reference in _values(entry, metric, inputs, run["problem"]):
                rows.append((*identity, entry.name, value, reference))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _values(
    entry: Entry[Metric], metric: Metric, inputs: Inputs, problem: str
) -> Iterator[tuple[float, str]]:
    kind = entry.labels.get("reference", "none")
    if kind == "ref_point":
        for level in REF_POINTS:
            ref_point = np.full(inputs.points.shape[1], level)
            value = evaluate(metric, inputs, ref_point=ref_point)
            if value is not None:
                yield value, f"ref_point={level}"
        return
    front = load_reference(problem) if kind == "front" else None
    points = None if front is None else front.points
    value = evaluate(metric, inputs, front=points)
    if value is not None:
        yield value, "" if front is None else str(front)


def _inputs(run: dict[str, Any], front: "pd.DataFrame", expert: dict[str, float]) -> Inputs:
    tasks = list(dict.fromkeys(front["task"]))

    def matrix(column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return front[column].to_numpy(dtype=np.float64).reshape(-1, len(tasks))

    preferences = np.array(front["preference"].to_list()[:: len(tasks)], dtype=np.float64)
    return Inputs(
        points=matrix("objective"),
        preferences=preferences,
        values=matrix("value"),
        losses=matrix("loss"),
        expert_values=np.array([expert[task] for task in tasks]),
        run=run,
    )


def _expert_values(problems: "pd.DataFrame") -> dict[tuple[str, str], dict[str, float]]:
    """Value of each expert on its own task, by problem and its hash."""
    own = problems[problems["model"] == problems["task"]]
    values: dict[tuple[str, str], dict[str, float]] = {}
    columns = (own[name].to_list() for name in ("problem", "problem_hash", "task", "value"))
    for problem, problem_hash, task, value in zip(*columns, strict=True):
        values.setdefault((problem, problem_hash), {})[task] = value
    return values
