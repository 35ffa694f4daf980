"""Anytime curves in the data format of IOHprofiler, which IOHanalyzer and iohinspector read.

There is a folder per algorithm, which has a JSON file (runs) and a `.dat` file (values) per
problem, as IOHexperimenter writes them since version 0.3.3 (https://iohprofiler.github.io).

A function is a problem, its dimension is the number of tasks, an instance is a seed (seed +
1), and an evaluation is a unit of budget. The value is `validation_expected_utility` in `traces`,
which is minimised: the utility of the Pareto set that the algorithm would have returned at that
time. Before its first milestone an algorithm has the pretrained model. The utility of that model
is known, and is written for the first evaluation, where analysers expect a run to begin.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from ..files.parquet import write_bytes
from ..results import Results

QUANTITY: Final = "validation_expected_utility"
VERSION: Final = "1.0.0"  # IOHanalyzer reads 0.3.3 and later, some releases only 1.0.0

Curve = list[tuple[int, float]]


def write_iohanalyzer(results: Results, folder: Path) -> list[str]:
    """Write the curves of all done runs to an empty folder, whose zip IOHanalyzer accepts.

    Returns:
        A message about how many runs have no curve and were left out, if any.
    """
    folders = _distinct(results.runs["display_name"].unique())
    functions = {name: i for i, name in enumerate(results.runs["problem"].unique(), 1)}
    utility = results.traces[results.traces["metric"] == QUANTITY].dropna(subset=["value"])
    tasks = results.fronts.groupby("problem")["task"].nunique()
    traces = dict(tuple(utility.groupby("run_id", sort=False)))
    done = results.runs[(results.runs["status"] == "done") & results.runs["run_id"].isin(traces)]
    for (shown, case), runs in done.groupby(["display_name", "problem"], sort=False):
        name, problem = str(shown), str(case)
        dimension = int(tasks[problem])
        curves = [_curve(traces[run_id], dimension) for run_id in runs["run_id"]]
        place, function = folder / folders[name], functions[problem]
        title = f"f{function}_{_safe(problem)}"
        path = f"data_{title}/IOHprofiler_f{function}_DIM{dimension}.dat"
        scenario = {"dimension": dimension, "path": path, "runs": list(_runs(runs, curves))}
        content = {
            "version": VERSION,
            "suite": "fusefront",
            "function_id": function,
            "function_name": problem,
            "maximization": False,
            "algorithm": {"name": name, "info": runs["parameters"].iloc[0]},
            "experiment_attributes": [{"quantity": QUANTITY}],
            "attributes": ["evaluations", "raw_y"],
            "scenarios": [scenario],
        }
        write_bytes(place / f"IOHprofiler_{title}.json", json.dumps(content, indent=1).encode())
        write_bytes(place / path, "".join(map(_block, curves)).encode())
    left_out = len(results.runs) - len(done)
    note = f"{left_out} runs are left out: not done, or without milestones on validation"
    return [note] if left_out else []


def before_the_first_milestone(dimension: int) -> float:
    """Return the expected utility of the pretrained model over the corners and the centre.

    All objectives of the pretrained model are 1.

    >>> before_the_first_milestone(2)
    0.8333333333333334
    """
    return (dimension + 1 / dimension) / (dimension + 1)


def _curve(trace: pd.DataFrame, dimension: int) -> Curve:
    """Return increasing evaluations from 1, and values: the last one logged at each."""
    evaluations = np.maximum(trace["units"].to_numpy(dtype=int), 1)
    found = dict(zip(evaluations.tolist(), trace["value"].tolist(), strict=True))
    return sorted(({1: before_the_first_milestone(dimension)} | found).items())


def _runs(runs: pd.DataFrame, curves: Iterable[Curve]) -> Iterator[dict[str, Any]]:
    for seed, curve in zip(runs["seed"], curves, strict=True):
        evaluations, value = min(curve, key=lambda point: point[1])
        best = {"evals": evaluations, "y": value, "x": []}
        yield {"instance": int(seed) + 1, "evals": curve[-1][0], "best": best}


def _block(curve: Curve) -> str:
    """Return the lines of a run in a `.dat` file, with the titles that separate runs."""
    return "evaluations raw_y\n" + "".join(f"{place} {value!r}\n" for place, value in curve)


def _safe(name: str) -> str:
    """Return the name in characters that every program accepts in a path."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "unnamed"


def _distinct(names: Iterable[str]) -> dict[str, str]:
    """Map the names to safe ones that are unique, even where case does not count."""
    found: dict[str, str] = {}
    for name in names:
        safe = _safe(name)
        taken = {other.casefold() for other in found.values()}
        number = 2
        while safe.casefold() in taken:
            safe, number = f"{_safe(name)}-{number}", number + 1
        found[name] = safe
    return found
