"""Freeze reference fronts: the best known points of each problem, with a version and a hash."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...metrics.nondominated import nondominated
from ...results.references import ReferenceFront, write_reference
from ...results.results import Results


def freeze(results: Results, directory: Path) -> Iterator[tuple[str, ReferenceFront]]:
    """Write the nondominated test points of all done runs of each problem.

    The union contains points of every algorithm and seed, selected by test results. It is a
    yardstick, not a set that an algorithm could return. A new version changes the IGD of all
    results.
    """
    done = results.runs[results.runs["status"] == "done"]
    fronts = results.fronts[results.fronts["run_id"].isin(done["run_id"])]
    for problem, rows in fronts.groupby("problem", sort=False):
        tasks = list(dict.fromkeys(rows["task"]))
        points = rows["objective"].to_numpy(dtype=np.float64).reshape(-1, len(tasks))
        points = points[nondominated(points)]
        runs = done[done["problem"] == problem]
        note = (
            f"nondominated test points of {len(runs)} runs: "
            f"{', '.join(sorted(runs['display_name'].unique()))}"
        )
        yield str(problem), write_reference(str(problem), points, directory, note)
