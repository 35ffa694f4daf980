"""The results of many runs: tables of the schema, each read on first access.

Some hypervolumes are approximate; `approximate` returns which, so that tables can mark them.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Final, Protocol, final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..metrics.hypervolume import ALWAYS_EXACT, is_exact
from .files.schema import TABLES, from_frame, to_frame

Source = Callable[[], pa.Table]
"""Makes or reads a table."""

_OLD_COLUMNS: Final = {"study_seed": "root_seed"}
MARK = "≈"
EXPLANATION = "≈ includes an approximate hypervolume (relative error about 1e-3)"
REF_POINT = "ref_point="
_VOLUMES: Final = frozenset({"relative-hypervolume", "hypervolume-root", "gain-over-anchors"})
"""Metrics that are computed from hypervolumes of all objectives."""


class ScoreSource(Protocol):
    """Derives scores; a layer that knows the metrics implements it."""

    def names(self) -> Sequence[str]:
        """The metrics that may have scores."""

    def has(self, metric: str) -> bool:
        """Return whether any run has a score of a metric."""

    def derive(self, metrics: Sequence[str]) -> pa.Table:
        """Return the scores of some metrics, sorted by run."""

    def over(self, results: "Results") -> "ScoreSource":
        """Return the source of the scores of a selection of the runs."""


@final
class Results:
    """The tables of a set of runs, as pandas frames or Arrow tables.

    Rows are sorted by problem, algorithm, parameters and seed, regardless of the order in which the
    runs ended. The tables share the columns `run_id`, `problem`, `algorithm`, `display_name` and
    `seed` (the number of the repetition), except `problems`. Vectors (`preference`, `coefficients`,
    `shape`) are numpy arrays in columns of objects. Integers that may be missing have pandas'
    nullable types. Frames are meant to be read: changing one does not change any other table, nor
    what `arrow` returns. To change a table, make a copy with `with_frames`.

    Args:
        sources: For each table of the schema, a function that returns it; called at most once.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)
        self._tables: dict[str, pa.Table] = {}
        self._scorer: ScoreSource | None = None
        self._scores: dict[str, pa.Table] = {}

    def arrow(self, name: str) -> pa.Table:
        """The Arrow table called `name`, such as `runs`, with the columns of its schema."""
        if name not in self._tables:
            self._tables[name] = self._sources[name]()
        return self._tables[name]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run, which is an algorithm on a problem with a seed.

        `status` is `done`, `failed` (with `error_class`, `error_message` and `traceback`) or
        `skipped` (with `reason`). `budget_units` is the cap on units, missing if there was none.
        Costs of the fit: `units` (forward passes of one example), the ledger of examples,
        evaluations, gradient steps and built models, `peak_bytes`, `rss_bytes`, `flops`,
        `energy_joules`, `storage_bytes`, `inference_passes` and times in seconds. Provenance:
        `problem_hash`, `protocol_version`, `versions` (JSON), `machine`, `device` and `started`
        (ISO time, UTC). All randomness of the study is derived from `root_seed`.
        """
        return RunsFrame(to_frame(self.arrow("runs")))

    @cached_property
    def fronts(self) -> pd.DataFrame:
        """One row per run, point and task: the test results of the point's model on the task.

        `preference` is the `(m,)` preference for which the point was returned, `value` the metric
        of the task, `loss` its loss, `objective` the normalised g (0 at the expert, 1 at the
        pretrained model, minimised), and `n` the number of test examples. `validation_value` and
        `validation_loss` are those of the same model on validation. The columns `own_` belong to
        the set that the fit returned, without the anchors that complete finite sets.
        """
        return to_frame(self.arrow("fronts"))

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row per run and point.

        `preference` is `(m,)`. `coefficients` are the merging coefficients that make the model,
        flattened in C order from `shape`; both are missing outside coefficient spaces. `anchor`
        names the anchor that was chosen instead of a point of the fit's own.
        """
        return to_frame(self.arrow("points"))

    @cached_property
    def traces(self) -> pd.DataFrame:
        """One row per run and logged value: the `value` of `metric` after `units`.

        `wall_seconds` counts from the start of the fit.
        """
        return to_frame(self.arrow("traces"))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per run, metric and reference: `metric`, `value`, `reference`.

        `reference` names the reference point or front, and is empty for metrics without one.
        """
        return to_frame(self.arrow("scores"))

    @cached_property
    def problems(self) -> pd.DataFrame:
        """One row per problem, anchor model and task: the test results of the anchor on the task.

        `model` is `pretrained`, `average` or the task of an expert. `resolution` is how far an
        expert is from the pretrained model on its own task, in standard errors. `labels` is JSON.
        """
        return to_frame(self.arrow("problems"))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per run, point and task: which of the `n` test examples were right, packed."""
        return to_frame(self.arrow("outcomes"))

    @cached_property
    def milestones(self) -> pd.DataFrame:
        """One row per run, milestone, point and task: results at fractions of the budget.

        `point` i < m is the preference for task i alone, and m the even one. `value` and
        `objective` are those of the test, `validation_value` that of validation. The last
        milestone is the final set.
        """
        return to_frame(self.arrow("milestones"))

    def metrics(self) -> list[str]:
        """The metrics that have scores, in the order of their registration or first row.

        A derived metric is tried run by run until one has a score, so this is fast if most have.
        """
        if self._scorer is not None:
            return [name for name in self._scorer.names() if self._scorer.has(name)]
        names: list[str] = self.arrow("scores").column("metric").unique().to_pylist()
        return names

    def scores_of(self, metric: str) -> pd.DataFrame:
        """The rows of `scores` of one metric; only this metric is derived."""
        return to_frame(self._scores_of(metric))

    def _scores_of(self, metric: str) -> pa.Table:
        if metric not in self._scores:
            if self._scorer is None:
                scores = self.arrow("scores")
                self._scores[metric] = scores.filter(pc.equal(scores.column("metric"), metric))
            else:
                self._scores[metric] = self._scorer.derive([metric])
        return self._scores[metric]

    def only(self, run_ids: pa.ChunkedArray) -> "Results":
        """Return a copy with the rows of the given runs, and with all problems."""

        def selected(name: str) -> pa.Table:
            table = self.arrow(name)
            return table.filter(pc.is_in(table.column("run_id"), run_ids))

        names = [name for name in TABLES if name != "problems"]
        copy = self.with_tables(**{name: partial(selected, name) for name in names})
        return copy if self._scorer is None else copy.with_scorer(self._scorer.over(copy))

    def with_tables(self, **sources: Source) -> "Results":
        """Return a copy with other sources for some tables, without reading the rest again."""
        made = Results(self._sources | sources)
        made._tables = {n: table for n, table in self._tables.items() if n not in sources}
        if "scores" not in sources:
            made._scorer, made._scores = self._scorer, dict(self._scores)
        return made

    def with_scorer(self, scorer: ScoreSource) -> "Results":
        """Return a copy whose scores are derived, metric by metric, when they are first used."""
        made = self.with_tables(scores=lambda: scorer.derive(scorer.names()))
        made._scorer = scorer
        return made

    def with_frames(self, **frames: pd.DataFrame) -> "Results":
        """Return a copy with other frames for some tables, with the columns of the schema."""
        return self.with_tables(
            **{name: partial(from_frame, frame, name) for name, frame in frames.items()}
        )


class RunsFrame(pd.DataFrame):
    """The frame of runs, which also accepts the names of columns before schema version 3."""

    @property
    def _constructor(self) -> type["RunsFrame"]:  # so that rows of it accept the old name too
        return RunsFrame

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key in _OLD_COLUMNS and key not in self.columns:
            warnings.warn(
                f"The column `{key}` of `runs` is now called `{_OLD_COLUMNS[key]}`.",
                DeprecationWarning,
                stacklevel=2,
            )
            key = _OLD_COLUMNS[key]
        return super().__getitem__(key)


def of_tables(tables: Mapping[str, pa.Table]) -> Results:
    """Return results from tables in memory."""
    return Results({name: partial(tables.__getitem__, name) for name in TABLES})


def by_run(table: pa.Table, runs: pa.Table) -> pa.Table:
    """Return the rows of a long table in the order of the runs, each run's in their own order."""
    places = pc.index_in(table.column("run_id"), value_set=runs.column("run_id"))
    return table.take(pc.sort_indices(places))  # a stable sort


def approximate(results: Results, scores: pd.DataFrame) -> NDArray[np.bool_]:
    """Return, for each row of scores, whether it is a hypervolume that was approximated.

    Scores do not record how they were computed. It follows from the stored fronts by the rule that
    `hypervolume` itself applies: the numbers of objectives and of points that add volume. Metrics
    that compare it with the hypervolume of another set, which is not stored here, count as
    approximate wherever it may be.

    Args:
        results: With fronts and problems.
        scores: `(n,)` rows of `results.scores`, of any metrics.
    """
    mask = np.zeros(len(scores), dtype=bool)
    hypervolumes = (scores["metric"] == "hypervolume") & scores["value"].notna()
    derived = scores["metric"].isin(_VOLUMES) & scores["value"].notna()
    if not (hypervolumes | derived).any():
        return mask
    # The small table of problems decides first, since fronts may have millions of rows.
    tasks = results.problems.groupby("problem")["task"].nunique()
    large = tasks.index[tasks > ALWAYS_EXACT]
    mask |= (derived & scores["problem"].isin(large)).to_numpy()
    rows = np.flatnonzero(hypervolumes & scores["problem"].isin(large))
    points = _points(results, scores["run_id"].iloc[rows].unique().tolist()) if len(rows) else {}
    for row in rows:
        run_id, reference = scores[["run_id", "reference"]].iloc[row]
        ref_point = np.full(points[run_id].shape[1], float(reference.removeprefix(REF_POINT)))
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
