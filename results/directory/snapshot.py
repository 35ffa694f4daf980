"""The state of a run directory: compacted tables, and the parts that changed since."""

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc

from ..files.parquet import DamagedFileError
from ..files.schema import FILE_STATS, PART_FILES, TABLES
from ..results import Results, by_run
from .compaction import CompactedTables, file_stats, unchanged
from .parts import (
    PARTS,
    damage,
    long_tables,
    part_path,
    read_part,
    read_parts,
    read_problems,
    set_aside,
    set_aside_damaged_problems,
)
from .planned import display_names, renamed

ORDER: Final = ("problem", "algorithm", "parameters", "seed", "run_id")
"""Columns that runs are sorted by. The id comes last, so that the order is always the same."""

_BATCH: Final = 256
"""Number of parts that are kept as tables of their own: one row has buffers of 200 kB."""

_LONG: Final = ("fronts", "points", "traces", "milestones")


@final
class Snapshot:
    """The parts of a run directory at one moment; the directory need not exist.

    A part whose file still has the size and time that were recorded when it was compacted is not
    opened; its rows come from the compacted tables.

    Attributes:
        files: Size and time of each part, as `schema.FILE_STATS`, taken before any was read.
        damaged: For each damaged part, by run id, a description of the damage.

    Raises:
        StoreError: If a part is of a newer schema or cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # Taken before any part is read: a part that is replaced in between then differs from its
        # record, and the next snapshot reads it again.
        self.files = file_stats(directory)
        self.damaged: dict[str, str] = {}
        self._compacted = CompactedTables.find(directory)
        found = self._compacted
        self._before = PART_FILES.empty_table() if found is None else found.part_files
        before = self._before.select(FILE_STATS.names)
        # In the usual case nothing changed, and the compacted rows need no filter and no sort.
        self._as_compacted = self.files.equals(before)
        self._unchanged = set() if self._as_compacted else unchanged(self.files, before)
        changed = () if self._as_compacted else self._read_changed()
        self._changed = long_tables(list(changed), ORDER)

    @cached_property
    def runs(self) -> pa.Table:
        """The rows of `runs` of all undamaged parts, sorted by `ORDER`."""
        rows = self._all_rows("runs")
        return rows if self._as_compacted else rows.sort_by([(c, "ascending") for c in ORDER])

    @property
    def part_files(self) -> pa.Table:
        """The files of the undamaged parts, with the display name in each, for `compact`."""
        whole = self.files.filter(pc.is_in(self.files.column("run_id"), self.runs.column("run_id")))
        names = [self._own_names[run_id] for run_id in whole.column("run_id").to_pylist()]
        return whole.append_column(PART_FILES.field("display_name"), pa.array(names, pa.string()))

    def results(self) -> Results:
        """Return all tables, with `scores` empty.

        Algorithms have the display names of the last `fusefront run`.

        Raises:
            StoreError: If parts or problem tables are damaged; the message names them.
        """
        if self.damaged:
            files = [f"`{PARTS}/{run_id}.parquet`" for run_id in self.damaged]
            raise damage(files, next(iter(self.damaged.values())))
        problems = sorted_problems(read_problems(self._directory))
        tables = {name: partial(self._table, name) for name in _LONG}
        return Results(
            tables
            | {
                "runs": lambda: self._named(self.runs),
                "problems": lambda: problems,
                "outcomes": self._outcomes,
                "scores": TABLES["scores"].empty_table,
            }
        )

    def scores(self, scorer: str) -> pa.Table:
        """Return the compacted scores if the same `scorer` derived them, else none."""
        if self._compacted is None or self._compacted.scorer != scorer:
            return TABLES["scores"].empty_table()
        return self._named(self._compacted_rows("scores"))

    def set_aside_damaged(self) -> list[Path]:
        """Rename damaged parts and problem tables to `*.damaged`, so that they are computed again.

        Returns:
            The new paths. Nothing is deleted.
        """
        parts = [set_aside(part_path(self._directory, run_id)) for run_id in self.damaged]
        return parts + set_aside_damaged_problems(self._directory)

    def _read_changed(self) -> Iterator[pa.Table]:
        """Yield tables of up to `_BATCH` parts each."""
        batch: list[pa.Table] = []
        for run_id in self.files.column("run_id").to_pylist():
            if run_id in self._unchanged:
                continue
            try:
                batch.append(read_part(part_path(self._directory, run_id)))
            except DamagedFileError as error:
                self.damaged[run_id] = str(error)
            if len(batch) == _BATCH:
                yield pa.concat_tables(batch).combine_chunks()
                batch.clear()
        yield from batch

    def _compacted_rows(self, name: str) -> pa.Table:
        """Return the compacted rows of the parts that have not changed since."""
        if self._compacted is None:
            return TABLES[name].empty_table()
        table = self._compacted.read(name)
        if self._as_compacted:
            return table
        kept = pa.array(list(self._unchanged), pa.string())
        return table.filter(pc.is_in(table.column("run_id"), kept))

    def _all_rows(self, name: str) -> pa.Table:
        return pa.concat_tables([self._compacted_rows(name), self._changed[name]])

    def _table(self, name: str) -> pa.Table:
        table = self._all_rows(name)
        return self._named(table if self._as_compacted else by_run(table, self.runs))

    def _outcomes(self) -> pa.Table:
        """Return the outcomes of all parts, which are too large to be compacted."""
        outcomes = long_tables(read_parts(self._directory), ORDER)["outcomes"]
        return renamed(outcomes, display_names(self._directory))

    @cached_property
    def _own_names(self) -> dict[str, str]:
        """Display name in each part, by run id."""
        return _names(self._before) | _names(self._changed["runs"])

    @cached_property
    def _new_names(self) -> dict[str, str]:
        """Current display names, by run id, of runs whose compacted rows have an older name.

        The name in the last plan wins over the one in the part.
        """
        wanted = self._own_names | display_names(self._directory)
        return {i: wanted[i] for i, name in _names(self.runs).items() if wanted[i] != name}

    def _named(self, table: pa.Table) -> pa.Table:
        return renamed(table, self._new_names) if self._new_names else table


def _names(runs: pa.Table) -> dict[str, str]:
    columns = (runs.column(name).to_pylist() for name in ("run_id", "display_name"))
    return dict(zip(*columns, strict=True))


def sorted_problems(tables: Sequence[pa.Table]) -> pa.Table:
    """Concatenate tables of problems, sorted by problem and hash."""
    rows = pa.concat_tables([TABLES["problems"].empty_table(), *tables])
    # The sort is stable: rows of one problem keep the order of its tasks.
    return rows.sort_by([(name, "ascending") for name in ("problem", "problem_hash")])
