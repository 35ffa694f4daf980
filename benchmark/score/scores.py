"""Scores: registered metrics of done runs, derived from raw values when asked for, or kept.

One metric at a time is derived, so that a table of one metric does not pay for all others.
Run directories keep the scores of all metrics with their compacted tables, together with a
fingerprint of the code that derived them. If it is unchanged, only new runs are scored. Scores that
depend on another run, which may come or go, are derived each time.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc

from ...entry import Entry
from ...metrics import METRICS
from ...metrics.base import Metric, evaluate, needs
from ...results.directory.parts import PARTS
from ...results.directory.snapshot import Snapshot
from ...results.files.schema import TABLES
from ...results.load import read
from ...results.results import Results, by_run
from .fingerprint import fingerprint
from .references import BASELINE, Yardsticks, reference_front, references
from .run_inputs import RunInputs

_KEYS: Final = ("run_id", "problem", "algorithm", "display_name", "seed")
Row = tuple[int, str, float, str]
"""The place of a run among the done runs, and a metric, its value and its reference."""


def load(path: Path) -> Results:
    """Load a run directory or an archive; scores are derived when they are first used.

    Raises:
        StoreError: If there are no results, or one of their files is damaged.
    """
    if (path / PARTS).is_dir():
        return load_directory(Snapshot(path))
    return with_scores(read(path))


def load_directory(snapshot: Snapshot) -> Results:
    """Load a run directory; only runs without compacted scores are scored again."""
    # None are kept if code that derives scores has changed: then all runs are scored again.
    return with_scores(snapshot.results(), lambda: snapshot.scores(fingerprint()))


def with_scores(
    results: Results, kept: Callable[[], pa.Table] = TABLES["scores"].empty_table
) -> Results:
    """Return a copy whose scores are derived, one metric at a time, when they are first used.

    A metric that needs a reference front is left out where the problem has none. The first score
    of such a metric is measured without the algorithm's own points, if the front knows whose they
    are, and the second with them. Metrics expect values that grow with quality, so losses are
    negated.

    Args:
        results: With the raw tables.
        kept: Returns the scores of all metrics of some of the runs.
    """
    return results.with_scorer(Scorer(results, results, cache(kept)))


@final
class Scorer:
    """Derives the scores of some runs.

    Args:
        results: The runs to score.
        everything: The results that they were selected from, where baselines are looked up.
        kept: Returns the scores of all metrics of some runs.
    """

    def __init__(self, results: Results, everything: Results, kept: Callable[[], pa.Table]) -> None:
        self._results, self._everything, self._kept = results, everything, kept
        self._yardsticks = cache(self._make_yardsticks)

    def over(self, results: Results) -> "Scorer":
        """Return a scorer of a selection of the runs, with the same baselines."""
        return Scorer(results, self._everything, self._kept)

    def names(self) -> list[str]:
        """The metrics that may have scores: all that are registered."""
        return [entry.name for entry in METRICS]

    def has(self, metric: str) -> bool:
        """Return whether any run has a score of a metric; stops at the first that has."""
        return next(self._rows([METRICS[metric]], range(len(self._done))), None) is not None

    def missing(self, needed: frozenset[str]) -> list[str]:
        """Return which of some needs no run has, sorted."""
        left = set(needed)
        for run in self._done.to_pylist():
            inputs = self._inputs.of(run, left)
            sets = self._sets(run, frozenset(left))
            left = {
                name
                for name in left - {"ref_point"}
                if getattr(inputs, name, None) is None and not sets.get(name)
            }
            if not left:
                break
        return sorted(left)

    def derive(self, metrics: Sequence[str]) -> pa.Table:
        """Return the scores of some metrics, sorted by run; unregistered metrics have none."""
        entries = [METRICS[name] for name in metrics if name in METRICS]
        fixed = [e for e in entries if "baseline" not in needs(e.load())]
        dependent = [e for e in entries if e not in fixed]
        every = range(len(self._done))
        tables = [self._table(self._rows(dependent, every))] if dependent else []
        if fixed:
            names = pa.array([entry.name for entry in fixed], pa.string())
            kept, places = self._kept_scores
            tables.append(kept.filter(pc.is_in(kept.column("metric"), names)))
            tables.append(self._table(self._rows(fixed, places)))
        tables = [table for table in tables if len(table)]
        if not tables:
            return TABLES["scores"].empty_table()
        return tables[0] if len(tables) == 1 else by_run(pa.concat_tables(tables), self._done)

    @cached_property
    def _kept_scores(self) -> tuple[pa.Table, Sequence[int]]:
        """The kept scores of the runs, and the places of the runs that have none."""
        kept, ids = self._kept(), self._done.column("run_id")
        if not len(kept):
            return kept, range(len(ids))
        of_runs = kept.filter(pc.is_in(kept.column("run_id"), ids.combine_chunks()))
        known = pc.is_in(ids, of_runs.column("run_id").combine_chunks().unique()).to_pylist()
        return of_runs, [place for place, is_known in enumerate(known) if not is_known]

    @cached_property
    def _done(self) -> pa.Table:
        return _done(self._results)

    @cached_property
    def _inputs(self) -> RunInputs:
        return RunInputs(self._results)

    def _rows(self, entries: Sequence[Entry[Metric]], places: Sequence[int]) -> Iterator[Row]:
        loaded = [(entry.name, entry.load()) for entry in entries]
        metrics = [one for one in loaded if not self._inputs.lacks(needs(one[1]))]
        if not metrics:
            return
        needed = frozenset().union(*(needs(metric) for _, metric in metrics))
        runs = self._done.take(pa.array(places, pa.int64()))
        if "run" not in needed:
            runs = runs.select([*_KEYS, "problem_hash"])
        for place, run in zip(places, runs.to_pylist(), strict=True):
            self._inputs.facts(run)
            inputs = self._inputs.of(run, needed)
            for name, metric in metrics:
                sets = self._sets(run, needs(metric))
                for reference, given in references(needs(metric), inputs.points.shape[1], sets):
                    value = evaluate(metric, inputs, **given)
                    if value is not None:
                        yield place, name, value, reference

    def _sets(self, run: dict[str, Any], needed: frozenset[str]) -> dict[str, Yardsticks]:
        sets = {}
        if "front" in needed:
            key = run["problem"], run["problem_hash"], run["algorithm"]
            sets["front"] = self._yardsticks(*key)
        if "baseline" in needed:
            of_run = run["problem"], run["problem_hash"], run["seed"]
            sets["baseline"] = self._baselines.get(of_run, [])
        return sets

    def _make_yardsticks(self, problem: str, problem_hash: str, algorithm: str) -> Yardsticks:
        front = self._front(problem, problem_hash)
        return [] if front is None else front.yardsticks(algorithm)

    @cached_property
    def _front(self) -> Callable[[str, str], Any]:
        return cache(reference_front)

    @cached_property
    def _baselines(self) -> dict[tuple[str, str, int], Yardsticks]:
        """The points of the runs of the baseline, by problem, its hash and seed."""
        done = _done(self._everything).select([*_KEYS, "problem_hash"])
        inputs = RunInputs(self._everything)
        found: dict[tuple[str, str, int], Yardsticks] = {}
        for run in done.filter(pc.equal(done.column("algorithm"), BASELINE)).to_pylist():
            key = run["problem"], run["problem_hash"], run["seed"]
            named = f"baseline={run['display_name']}", inputs.points(run["run_id"])
            found.setdefault(key, []).append(named)
        return found

    def _table(self, rows: Iterator[Row]) -> pa.Table:
        """Return the rows in the schema of scores, with the columns that name the run."""
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        places, *rest = columns
        keys = self._done.select(list(_KEYS)).take(pa.array(places, pa.int64()))
        schema = TABLES["scores"]
        arrays = [column.combine_chunks() for column in keys.columns]
        for name, values in zip(("metric", "value", "reference"), rest, strict=True):
            arrays.append(pa.array(values, schema.field(name).type))
        return pa.Table.from_arrays(arrays, schema=schema)


def missing_inputs(results: Results, needed: frozenset[str]) -> list[str]:
    """Return the needs of a metric that no done run has, sorted."""
    return Scorer(results, results, TABLES["scores"].empty_table).missing(needed)


def _done(results: Results) -> pa.Table:
    runs = results.arrow("runs")
    return runs.filter(pc.equal(runs.column("status"), "done"))
