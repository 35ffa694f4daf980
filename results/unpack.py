"""Results written as a run directory again, so that a study goes on from them."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from .parquet import file_name, write_table
from .results import Results
from .schema import NESTED, PART, from_frame
from .staging import staged
from .store import PROBLEMS, part_path


def unpack(results: Results, directory: Path) -> Path:
    """Write a part for every run and the tables of the problems to a new or empty directory.

    `fusefront run -o` with the same study then finds those runs there. Archives hold no per-example
    outcomes: those of unpacked runs are empty.

    Returns:
        The directory.

    Raises:
        StoreError: If the directory is not empty, or cannot be written.
    """
    with staged(directory) as folder:
        for table in part_tables(results):
            (run_id,) = table.column("run_id").to_pylist()
            write_table(part_path(folder, run_id), table, name="part")
        for problem, rows in results.problems.groupby("problem", sort=False):
            path = folder / PROBLEMS / f"{file_name(str(problem))}.parquet"
            write_table(path, from_frame(rows, "problems"), name="problems")
    return directory


def part_tables(results: Results) -> Iterator[pa.Table]:
    """The one-row table of every run, as its part has it."""
    nested = {name: _by_run(results, name) for name in NESTED}
    for run in from_frame(results.runs, "runs").to_pylist():
        inside = {name: rows.get(run["run_id"], []) for name, rows in nested.items()}
        yield pa.Table.from_pylist([run | inside], schema=PART)


def _by_run(results: Results, name: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a long table as the entries of each run's part."""
    inside = [field.name for field in NESTED[name]]
    table = from_frame(getattr(results, name), name).select(["run_id", *inside])
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row.pop("run_id")].append(row)
    return found
