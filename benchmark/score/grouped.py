"""Long tables as arrays per run: rows are grouped once, without a frame for each run."""

from functools import cached_property
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Array = NDArray[np.float64]
_NO_ROWS: Final = slice(0, 0)


@final
class GroupedRows:
    """The rows of a long table by run; columns become arrays when they are first used.

    Args:
        table: With `run_id` and `task`. The rows of a run keep their order, in which the task
            changes fastest.
    """

    def __init__(self, table: pa.Table) -> None:
        codes, ids = _encoded(table, "run_id")
        changes = np.flatnonzero(np.diff(codes)) + 1
        if len(changes) + 1 > max(len(ids), 1):  # the rows of some run are apart
            table = table.take(pa.array(np.argsort(codes, kind="stable")))
            codes = np.sort(codes, kind="stable")
            changes = np.flatnonzero(np.diff(codes)) + 1
        self._table = table
        self._columns: dict[str, Array] = {}
        bounds = [0, *changes.tolist(), len(codes)]
        self._slices = {
            ids[codes[start]]: slice(start, stop)
            for start, stop in pairwise(bounds)
            if stop > start
        }

    def tasks(self, run_id: str) -> list[str]:
        """The tasks of a run in their order; empty if it has no rows."""
        codes, names = self._tasks
        return [names[code] for code in dict.fromkeys(codes[self._rows(run_id)].tolist())]

    def column(self, run_id: str, name: str) -> Array:
        """The `(rows,)` numbers of a run, NaN where they are missing."""
        if name not in self._columns:
            column = self._table.column(name).combine_chunks().to_numpy(zero_copy_only=False)
            self._columns[name] = column.astype(np.float64, copy=False)
        return self._columns[name][self._rows(run_id)]

    def lacks(self, name: str) -> bool:
        """Return whether a column is empty for all runs."""
        column = self._table.column(name)
        return bool(column.null_count == len(column))

    def matrix(self, run_id: str, name: str) -> Array | None:
        """The `(n, m)` numbers of a run with a column per task; None if any is missing."""
        column = self.column(run_id, name)
        if len(column) == 0 or np.isnan(column).any():
            return None
        return column.reshape(-1, len(self.tasks(run_id)))

    def preferences(self, run_id: str) -> Array:
        """The `(n, m)` preferences of a run."""
        offsets, numbers = self._preferences
        rows, m = self._rows(run_id), len(self.tasks(run_id))
        if rows == _NO_ROWS:
            return np.empty((0, 1))
        vectors = numbers[offsets[rows.start] : offsets[rows.stop]].reshape(-1, m)
        return vectors[::m]

    def _rows(self, run_id: str) -> slice:
        return self._slices.get(run_id, _NO_ROWS)

    @cached_property
    def _tasks(self) -> tuple[NDArray[np.int64], list[str]]:
        return _encoded(self._table, "task")

    @cached_property
    def _preferences(self) -> tuple[NDArray[np.int64], Array]:
        lists: Any = self._table.column("preference").combine_chunks()
        return lists.offsets.to_numpy(), lists.values.to_numpy(zero_copy_only=False)


def _encoded(table: pa.Table, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return a code per row, and the text of each code."""
    encoded = table.column(name).combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()
