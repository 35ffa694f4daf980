"""Which stored hypervolumes are approximate, so that tables and exports can mark them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..metrics.hypervolume import ALWAYS_EXACT, is_exact
from .files.schema import to_frame
from .results import Results

MARK = "≈"
EXPLANATION = "≈ includes an approximate hypervolume (relative error about 1e-3)"
_REF_POINT = "ref_point="


def approximate(results: Results, scores: pd.DataFrame) -> NDArray[np.bool_]:
    """Return, for each row of scores, whether it is a hypervolume that was approximated.

    Scores do not record how they were computed. It follows from the stored fronts by the rule that
    `hypervolume` itself applies: the numbers of objectives and of points that add volume.

    Args:
        results: With fronts and problems.
        scores: `(n,)` rows of `results.scores`, of any metrics.
    """
    mask = np.zeros(len(scores), dtype=bool)
    hypervolumes = (scores["metric"] == "hypervolume") & scores["value"].notna()
    if not hypervolumes.any():
        return mask
    # The small table of problems decides first, since fronts may have millions of rows.
    tasks = results.problems.groupby("problem")["task"].nunique()
    large = tasks.index[tasks > ALWAYS_EXACT]
    rows = np.flatnonzero(hypervolumes & scores["problem"].isin(large))
    points = _points(results, scores["run_id"].iloc[rows].unique().tolist()) if len(rows) else {}
    for row in rows:
        run_id, reference = scores[["run_id", "reference"]].iloc[row]
        ref_point = np.full(points[run_id].shape[1], float(reference.removeprefix(_REF_POINT)))
        mask[row] = not is_exact(points[run_id], ref_point=ref_point)
    return mask


def _points(results: Results, run_ids: list[str]) -> dict[str, NDArray[np.float64]]:
    """The `(n, m)` objectives of each run."""
    table = results.arrow("fronts")
    fronts = to_frame(table.filter(pc.is_in(table.column("run_id"), pa.array(run_ids))))
    return {
        str(run_id): front.pivot(index="point", columns="task", values="objective").to_numpy(float)
        for run_id, front in fronts.groupby("run_id")
    }
