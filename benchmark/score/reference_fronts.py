"""Reference fronts: what the front of a problem is taken to be, frozen and hashed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...metrics.nondominated import nondominated
from ...results.references import ReferenceFront, write_reference
from ...results.results import Results


def freeze(results: Results, directory: Path) -> Iterator[tuple[str, ReferenceFront]]:
    """Write, for each problem, the nondominated test points of all done runs, and its anchors.

    The union holds points of every algorithm and seed, chosen by test results: it is a yardstick,
    not something an algorithm could return. A new version makes IGD of all results change.
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
