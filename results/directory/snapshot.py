"""What the parts of a run directory hold: compacted ones from the tables, others from the files."""

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc

from ..files.parquet import DamagedFileError
from ..files.schema import FILES, STAMPS, TABLES
from ..reshape import long_tables
from ..results import Results
from .compaction import Compacted, part_files, unchanged
from .parts import (
    PARTS,
    damage,
    part_path,
    read_part,
    read_parts,
    read_problems,
    set_aside,
    set_aside_damaged_problems,
)
from .planned import display_names, renamed

ORDER: Final = ("problem", "algorithm", "parameters", "seed", "run_id")
"""How runs are sorted."""


@final
class Survey:
    """The parts of a run directory as they are now; it need not exist.

    A part that has the size and time of the file that was compacted is not opened.

    Attributes:
        files: Size and time of each part, as `schema.FILES`, from before any was read.
        damaged: What is wrong with each part that is not whole, by run id.

    Raises:
        StoreError: If a part is of a newer schema or cannot be read at all.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.files = part_files(directory)
        self.damaged: dict[str, str] = {}
        self._compacted = Compacted.find(directory)
        found = self._compacted
        self._before = STAMPS.empty_table() if found is None else found.stamps
        before = self._before.select(FILES.names)
        self._as_compacted = self.files.equals(before)
        self._kept = set() if self._as_compacted else unchanged(self.files, before)
        others = () if self._as_compacted else self._read_others()
        self._fresh = long_tables(list(others), ORDER)

    @cached_property
    def runs(self) -> pa.Table:
        """The rows of `runs`, sorted, of all whole parts."""
        rows = self._united("runs")
        return rows if self._as_compacted else rows.sort_by([(c, "ascending") for c in ORDER])

    @property
    def stamps(self) -> pa.Table:
        """The files of the parts, with how each part calls its algorithm: what `compact` keeps."""
        whole = self.files.filter(pc.is_in(self.files.column("run_id"), self.runs.column("run_id")))
        names = [self._own_names[run_id] for run_id in whole.column("run_id").to_pylist()]
        return whole.append_column(STAMPS.field("display_name"), pa.array(names, pa.string()))

    def results(self) -> Results:
        """The tables; `scores` is empty.

        Algorithms are called as the last `fusefront run` called them.

        Raises:
            StoreError: If a part or problem table is not whole; every one is named.
        """
        if self.damaged:
            files = [f"`{PARTS}/{run_id}.parquet`" for run_id in self.damaged]
            raise damage(files, next(iter(self.damaged.values())))
        problems = sorted_problems(read_problems(self._directory))
        tables = {name: partial(self._table, name) for name in ("fronts", "points", "traces")}
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
        """The scores that were compacted with the parts, if the same `scorer` derived them."""
        if self._compacted is None or self._compacted.scorer != scorer:
            return TABLES["scores"].empty_table()
        return self._named(self._of_kept("scores"))

    def set_aside_damaged(self) -> list[Path]:
        """Rename damaged parts and problem tables to `*.damaged`, so that they are made anew.

        Returns:
            The new paths. Nothing is deleted.
        """
        parts = [set_aside(part_path(self._directory, run_id)) for run_id in self.damaged]
        return parts + set_aside_damaged_problems(self._directory)

    def _read_others(self) -> Iterator[pa.Table]:
        for run_id in self.files.column("run_id").to_pylist():
            if run_id in self._kept:
                continue
            try:
                yield read_part(part_path(self._directory, run_id))
            except DamagedFileError as error:
                self.damaged[run_id] = str(error)

    def _of_kept(self, name: str) -> pa.Table:
        """Compacted rows of the parts that are as they were."""
        if self._compacted is None:
            return TABLES[name].empty_table()
        table = self._compacted.read(name)
        if self._as_compacted:
            return table
        kept = pa.array(list(self._kept), pa.string())
        return table.filter(pc.is_in(table.column("run_id"), kept))

    def _united(self, name: str) -> pa.Table:
        return pa.concat_tables([self._of_kept(name), self._fresh[name]])

    def _table(self, name: str) -> pa.Table:
        table = self._united(name)
        return self._named(table if self._as_compacted else by_run(table, self.runs))

    def _outcomes(self) -> pa.Table:
        """They are not compacted: all parts are read."""
        outcomes = long_tables(read_parts(self._directory), ORDER)["outcomes"]
        return renamed(outcomes, display_names(self._directory))

    @cached_property
    def _own_names(self) -> dict[str, str]:
        """How each part calls its algorithm."""
        return _names(self._before) | _names(self._fresh["runs"])

    @cached_property
    def _new_names(self) -> dict[str, str]:
        """Names of runs whose rows have another: the last plan's, or else their parts' own."""
        wanted = self._own_names | display_names(self._directory)
        return {i: wanted[i] for i, name in _names(self.runs).items() if wanted[i] != name}

    def _named(self, table: pa.Table) -> pa.Table:
        return renamed(table, self._new_names) if self._new_names else table


def _names(runs: pa.Table) -> dict[str, str]:
    columns = (runs.column(name).to_pylist() for name in ("run_id", "display_name"))
    return dict(zip(*columns, strict=True))


def sorted_problems(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables of problems, sorted."""
    rows = pa.concat_tables([TABLES["problems"].empty_table(), *tables])
    return rows.sort_by([(name, "ascending") for name in ("problem", "problem_hash")])  # stable


def by_run(table: pa.Table, runs: pa.Table) -> pa.Table:
    """The rows of a long table in the order of the runs; those of a run keep theirs."""
    places = pc.index_in(table.column("run_id"), value_set=runs.column("run_id"))
    return table.take(pc.sort_indices(places))  # stable
