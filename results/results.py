"""Results of many runs: the tables of the schema, each read when it is first asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ParameterError
from .files.schema import TABLES, from_frame, to_frame

Source = Callable[[], pa.Table]


@final
class Results:
    """The tables of `schema.TABLES` as frames.

    Rows are sorted by problem, algorithm, parameters and seed, whatever the order in which runs
    ended. Vectors (`preference`, `coefficients`, `shape`) are numpy arrays in object columns.
    Frames are to be read: altering one alters no other table, and is not what `arrow` gives.

    Args:
        sources: What makes each table of the schema, called at most once.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)
        self._tables: dict[str, pa.Table] = {}

    def arrow(self, name: str) -> pa.Table:
        """The table `name` in Arrow, in its schema."""
        if name not in self._tables:
            self._tables[name] = self._sources[name]()
        return self._tables[name]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row an algorithm on a problem with a seed, whatever became of it."""
        return to_frame(self.arrow("runs"))

    @cached_property
    def fronts(self) -> pd.DataFrame:
        """A row a task of a point of a run."""
        return to_frame(self.arrow("fronts"))

    @cached_property
    def points(self) -> pd.DataFrame:
        """A row a point of a run."""
        return to_frame(self.arrow("points"))

    @cached_property
    def traces(self) -> pd.DataFrame:
        """A row a value at an anytime checkpoint of a run."""
        return to_frame(self.arrow("traces"))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row a run, metric and reference."""
        return to_frame(self.arrow("scores"))

    @cached_property
    def problems(self) -> pd.DataFrame:
        """A row a model of a problem and a task."""
        return to_frame(self.arrow("problems"))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """A row a task of a point of a run: which examples were right."""
        return to_frame(self.arrow("outcomes"))

    def metrics(self) -> list[str]:
        """The metrics that have scores, in the order of their first."""
        names: list[str] = self.arrow("scores").column("metric").unique().to_pylist()
        return names

    def scores_of(self, metric: str) -> pd.DataFrame:
        """The scores of one metric alone, in a fraction of the time of all."""
        scores = self.arrow("scores")
        return to_frame(scores.filter(pc.equal(scores.column("metric"), metric)))

    def only(self, run_ids: pa.ChunkedArray) -> "Results":
        """The rows of these runs, and all problems."""

        def narrowed(name: str) -> pa.Table:
            table = self.arrow(name)
            return table.filter(pc.is_in(table.column("run_id"), run_ids))

        names = [name for name in TABLES if name != "problems"]
        return self.with_tables(**{name: partial(narrowed, name) for name in names})

    def with_tables(self, **sources: Source) -> "Results":
        """A copy with other sources of some tables; what was read of the rest is kept."""
        made = Results(self._sources | sources)
        made._tables = {n: table for n, table in self._tables.items() if n not in sources}
        return made

    def with_frames(self, **frames: pd.DataFrame) -> "Results":
        """A copy with other frames for some tables, with the columns of the schema."""
        return self.with_tables(
            **{name: partial(from_frame, frame, name) for name, frame in frames.items()}
        )

    def with_scores(self, scores: pd.DataFrame) -> "Results":
        """A copy with these scores: the columns of `schema.TABLES['scores']`, in any order."""
        needed = TABLES["scores"].names
        missing = [name for name in needed if name not in scores.columns]
        if missing:
            raise ParameterError(
                f"`scores` must have the columns {', '.join(needed)}. "
                f"Found none called {', '.join(missing)}."
            )
        if scores.duplicated(["run_id", "metric", "reference"]).any():
            raise ParameterError(
                "`scores` must have one row for each run, metric and reference. Found several."
            )
        return self.with_frames(scores=scores)


def of_tables(tables: Mapping[str, pa.Table]) -> Results:
    """Results whose tables are there already."""
    return Results({name: partial(tables.__getitem__, name) for name in TABLES})
