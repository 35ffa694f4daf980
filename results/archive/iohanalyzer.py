"""Anytime curves in the data format of IOHprofiler, which IOHanalyzer and iohinspector read.

A folder an algorithm, in it for each problem a JSON file of what was run and a `.dat` file of what
was found, as IOHexperimenter writes them since version 0.3.3 (https://iohprofiler.github.io).

A function is a problem, its dimension the number of tasks, an instance a repetition (seed + 1), an
evaluation a unit of budget. The value, to be minimised, is what `traces` calls
`validation_expected_utility`: that of the answer the algorithm would have given then. Until its
first checkpoint an algorithm has the pretrained model, whose utility is known and is written for
the first evaluation; analysers take that as the beginning of a run.
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
VERSION: Final = "1.0.0"  # IOHanalyzer takes 0.3.3 and later, some of its releases 1.0.0 and later

Curve = list[tuple[int, float]]


def write_iohanalyzer(results: Results, folder: Path) -> list[str]:
    """Write the curves of all done runs to an empty folder; zip it to upload it to IOHanalyzer.

    Returns:
        A line that says how many runs were left out, if any: those without a curve.
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
    note = f"{left_out} runs are left out: not done, or without checkpoints on validation"
    return [note] if left_out else []


def before_the_first_checkpoint(dimension: int) -> float:
    """Expected utility of the pretrained model, whose objectives are 1, at corners and centre.

    >>> before_the_first_checkpoint(2)
    0.8333333333333334
    """
    return (dimension + 1 / dimension) / (dimension + 1)


def _curve(trace: pd.DataFrame, dimension: int) -> Curve:
    """Evaluations, increasing from 1, and values; the last of several at one evaluation counts."""
    evaluations = np.maximum(trace["units"].to_numpy(dtype=int), 1)
    found = dict(zip(evaluations.tolist(), trace["value"].tolist(), strict=True))
    return sorted(({1: before_the_first_checkpoint(dimension)} | found).items())


def _runs(runs: pd.DataFrame, curves: Iterable[Curve]) -> Iterator[dict[str, Any]]:
    for seed, curve in zip(runs["seed"], curves, strict=True):
        evaluations, value = min(curve, key=lambda point: point[1])
        best = {"evals": evaluations, "y": value, "x": []}
        yield {"instance": int(seed) + 1, "evals": curve[-1][0], "best": best}


def _block(curve: Curve) -> str:
    """The lines of a run in a `.dat` file; the titles part it from the run before."""
    return "evaluations raw_y\n" + "".join(f"{place} {value!r}\n" for place, value in curve)


def _safe(name: str) -> str:
    """A name as part of a path that every program reads."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "unnamed"


def _distinct(names: Iterable[str]) -> dict[str, str]:
    """Safe names, no two the same."""
    found: dict[str, str] = {}
    for name in names:
        safe = _safe(name)
        taken = {other.casefold() for other in found.values()}
        number = 2
        while safe.casefold() in taken:
            safe, number = f"{_safe(name)}-{number}", number + 1
        found[name] = safe
    return found
