"""The inputs of metrics for each run, made from the stored tables: only those that are needed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...errors import StoreError
from ...metrics.base import Inputs
from ...results.results import Results
from .grouped import GroupedRows

Array = NDArray[np.float64]

_COLUMNS: Final = {
    "losses": "loss",
    "own_points": "own_objective",
    "calibration_errors": "calibration_error",
    "agreements": "agreement",
}
"""The columns of `fronts` that metrics receive as they are, by the names of their arguments."""
_NULLABLE: Final = {**_COLUMNS, "validation_values": "validation_value"}
"""Columns of `fronts` that may be empty for all runs: older results lack most of them."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """What is known of a problem without any run.

    Attributes:
        values: For each anchor model, its value on each task. The experts are named by tasks.
        sign: -1 if values are losses, so that `sign * value` grows with quality.
    """

    values: Mapping[str, Mapping[str, float]]
    sign: float

    def expert_values(self, tasks: list[str]) -> Array:
        """The `(m,)` signed value of each expert on its own task."""
        return self.sign * np.array([self.values[task][task] for task in tasks])

    def anchor_values(self, tasks: list[str]) -> Array | None:
        """The `(a, m)` signed values of the pretrained model, the experts and the average.

        The average is left out if it was not measured; None if another model is missing.
        """
        models = ["pretrained", *tasks, *(["average"] if "average" in self.values else [])]
        rows = [[self.values.get(m, {}).get(task, np.nan) for task in tasks] for m in models]
        values = np.array(rows, dtype=np.float64)
        return None if np.isnan(values).any() else self.sign * values

    def anchors(self, tasks: list[str]) -> Array | None:
        """The `(a, m)` normalised objectives of `anchor_values`."""
        values = self.anchor_values(tasks)
        if values is None:
            return None
        expert = self.expert_values(tasks)
        gain = expert - values[0]
        return None if (gain == 0).any() else (expert - values) / gain


def facts_by_problem(problems: pa.Table) -> dict[tuple[str, str], Facts]:
    """Return the facts of each problem by its name and hash.

    Problems that are known without examples have losses as values.
    """
    names = ("problem", "problem_hash", "model", "task", "value", "n")
    columns = (problems.column(name).to_pylist() for name in names)
    values: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    losses: set[tuple[str, str]] = set()
    for problem, problem_hash, model, task, value, n in zip(*columns, strict=True):
        key = problem, problem_hash
        values.setdefault(key, {}).setdefault(model, {})[task] = np.nan if value is None else value
        if n == 0:
            losses.add(key)
    return {
        key: Facts(values=found, sign=-1.0 if key in losses else 1.0)
        for key, found in values.items()
    }


@final
class RunInputs:
    """Makes the inputs of one run after the other.

    Args:
        results: With the rows of the runs.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._makers: dict[str, Callable[[dict[str, Any], list[str]], Any]] = {
            "values": self._values,
            "validation_values": self._validation_values,
            "expert_values": lambda run, tasks: self.facts(run).expert_values(tasks),
            "pretrained_values": self._pretrained_values,
            "anchors": lambda run, tasks: self.facts(run).anchors(tasks),
            "milestones": self._milestones,
            "milestone_units": self._milestone_units,
            "run": lambda run, tasks: run,
        }

    def of(self, run: dict[str, Any], needs: Collection[str]) -> Inputs:
        """Return the inputs of a done run; those that it lacks are None.

        Args:
            run: Its row of `runs`.
            needs: The names of the inputs, besides points and preferences, that are needed.
        """
        run_id = run["run_id"]
        tasks = self._fronts.tasks(run_id)
        made = {n: make(run, tasks) for n, make in self._makers.items() if n in needs}
        made |= {n: self._fronts.matrix(run_id, c) for n, c in _COLUMNS.items() if n in needs}
        return Inputs(
            points=self.points(run_id), preferences=self._fronts.preferences(run_id), **made
        )

    def lacks(self, needs: Collection[str]) -> bool:
        """Return whether no run at all has one of the needs, which costs less than trying each."""
        columns = [column for name, column in _NULLABLE.items() if name in needs]
        stages = "milestones" in needs and self._stages.lacks("objective")
        return stages or any(self._fronts.lacks(column) for column in columns)

    def points(self, run_id: str) -> Array:
        """The `(n, m)` normalised objectives of a run."""
        column = self._fronts.column(run_id, "objective")
        return column.reshape(-1, max(len(self._fronts.tasks(run_id)), 1))

    def facts(self, run: Mapping[str, Any]) -> Facts:
        """The facts of the problem of a run.

        Raises:
            StoreError: If the problem table is of other experts than the run.
        """
        try:
            return self._facts[run["problem"], run["problem_hash"]]
        except KeyError as error:
            raise StoreError(
                f"The problem table of `{run['problem']}` must have the anchors of its runs. "
                "Found none. Repeat the same `fusefront run` command, which writes them again."
            ) from error

    @cached_property
    def _facts(self) -> dict[tuple[str, str], Facts]:
        return facts_by_problem(self._results.arrow("problems"))

    @cached_property
    def _fronts(self) -> GroupedRows:
        return GroupedRows(self._results.arrow("fronts"))

    @cached_property
    def _stages(self) -> GroupedRows:
        return GroupedRows(self._results.arrow("milestones"))

    def _values(self, run: dict[str, Any], tasks: list[str]) -> Array | None:
        return self._signed(run, "value")

    def _validation_values(self, run: dict[str, Any], tasks: list[str]) -> Array | None:
        return self._signed(run, "validation_value")

    def _signed(self, run: dict[str, Any], column: str) -> Array | None:
        matrix = self._fronts.matrix(run["run_id"], column)
        return None if matrix is None else self.facts(run).sign * matrix

    def _pretrained_values(self, run: dict[str, Any], tasks: list[str]) -> Array | None:
        values = self.facts(run).anchor_values(tasks)
        return None if values is None else values[0]

    def _milestones(self, run: dict[str, Any], tasks: list[str]) -> Array | None:
        matrix = self._stages.matrix(run["run_id"], "objective")
        m = len(tasks)
        if matrix is None or self._stages.tasks(run["run_id"]) != tasks or len(matrix) % (m + 1):
            return None
        return matrix.reshape(-1, m + 1, m)

    def _milestone_units(self, run: dict[str, Any], tasks: list[str]) -> Array | None:
        units = self._stages.matrix(run["run_id"], "units")
        return None if units is None else units[:: len(tasks) + 1, 0]
