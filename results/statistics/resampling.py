"""Paired bootstrap over test examples: what a metric would be with other examples.

Archives and run directories keep which test examples each model got right. A resample draws
examples with replacement. All algorithms, points and seeds of a problem get the same resamples, so
that differences between algorithms are paired. Tasks are resampled independently of each other, and
the values of experts and pretrained model, which scale the objectives, count as known.

Source: Efron and Tibshirani 1993, "An introduction to the bootstrap", chapters 6 and 8.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...errors import StoreError
from ..files.record import unpack_outcomes
from ..files.schema import to_frame
from ..results import Results

DRAWS: Final = 400
"""Resamples, if not given: the ends of a 95 % interval are then means of about ten draws."""

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """One run with other test examples.

    Attributes:
        run_id: The run.
        objectives: `(draws, n, m)` normalised objectives of its n points, minimised.
        preferences: `(n, m)`.
    """

    run_id: str
    objectives: Array
    preferences: Array

    @cached_property
    def expected_utility(self) -> Array:
        """`(draws,)` expected utilities; see `metrics.expected_utility`."""
        return np.asarray((self.objectives * self.preferences).max(axis=2).mean(axis=1))


def has_outcomes(results: Results) -> bool:
    """Return whether the results have the outcomes of test examples.

    Not if a part was damaged after it was compacted: its numbers are in the tables and can still be
    shown, but its outcomes are nowhere else. `fusefront verify` reports it.
    """
    try:
        counts = results.arrow("outcomes").column("n")
    except StoreError:
        return False
    return bool(pc.any(pc.greater(counts, 0)).as_py())


def resampled(
    results: Results, problem: str, *, draws: int = DRAWS, seed: int = 0
) -> Iterator[Resampled]:
    """Yield all done runs of a problem with resampled test examples.

    Args:
        results: With outcomes, fronts and problems. Runs without outcomes are left out, and so are
            problems that are known exactly, without examples.
        problem: Its name.
        draws: Number of resamples.
        seed: Of the resampling; equal seeds give equal resamples for all runs of the problem.
    """
    outcomes = _of_problem(results, "outcomes", problem)
    if not (outcomes["n"] > 0).all():
        return  # known exactly, without examples
    fronts = _of_problem(results, "fronts", problem)
    anchors = results.problems[results.problems["problem"] == problem]
    tasks = list(dict.fromkeys(fronts["task"]))
    weights = {
        (task, n): _weights(draws, n, [seed, index])
        for index, task in enumerate(tasks)
        for n in outcomes.loc[outcomes["task"] == task, "n"].unique()
    }
    scale = [_anchor_values(anchors, task) for task in tasks]
    by_run = dict(tuple(fronts.groupby("run_id", sort=False)))
    for run_id, own in outcomes.groupby("run_id", sort=False):
        front = by_run[run_id]
        points = front["point"].nunique()
        objectives = np.empty((draws, points, len(tasks)))
        for index, (task, (pretrained, expert)) in enumerate(zip(tasks, scale, strict=True)):
            rows = own[own["task"] == task].sort_values("point")
            n = int(rows["n"].iloc[0])
            right = np.stack([unpack_outcomes(packed, n) for packed in rows["packed"]])
            values = weights[task, n] @ right.T.astype(np.float32)
            objectives[:, :, index] = (expert - values) / (expert - pretrained)
        preferences = np.stack(front["preference"].to_list()[:: len(tasks)])
        yield Resampled(run_id=str(run_id), objectives=objectives, preferences=preferences)


def _of_problem(results: Results, name: str, problem: str) -> pd.DataFrame:
    table = results.arrow(name)
    return to_frame(table.filter(pc.equal(table.column("problem"), pa.scalar(problem))))


def _weights(draws: int, n: int, seed: list[int]) -> NDArray[np.float32]:
    """Return `(draws, n)` shares of the examples in each resample; rows sum to one."""
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    return (counts / n).astype(np.float32)


def _anchor_values(anchors: pd.DataFrame, task: str) -> tuple[float, float]:
    """Return the values of the pretrained model and of the expert on a task."""
    own = anchors[anchors["task"] == task].set_index("model")["value"]
    return float(own["pretrained"]), float(own[task])
