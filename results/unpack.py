"""Results written as a run directory again, so that a study goes on from them."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..benchmark.errors import StoreError
from .parquet import file_name, write_table
from .results import Results
from .schema import NESTED, PART, from_frame
from .store import PARTS, PROBLEMS


def unpack(results: Results, directory: Path) -> Path:
    """Write a part for every run and the tables of the problems to a new or empty directory.

    `fusefront run -o` with the same study then finds those runs there. Archives hold no per-example
    outcomes: those of unpacked runs are empty.

    Returns:
        The directory.

    Raises:
        StoreError: If the directory is not empty, or cannot be written.
    """
    if directory.exists() and any(directory.iterdir()):
        raise StoreError(
            f"`{directory}` must be new or empty, so that nothing there is replaced. "
            "Choose another folder."
        )
    nested = {name: _by_run(results, name) for name in NESTED}
    for run in from_frame(results.runs, "runs").to_pylist():
        inside = {name: rows.get(run["run_id"], []) for name, rows in nested.items()}
        table = pa.Table.from_pylist([run | inside], schema=PART)
        write_table(directory / PARTS / f"{run['run_id']}.parquet", table, name="part")
    for problem, rows in results.problems.groupby("problem", sort=False):
        path = directory / PROBLEMS / f"{file_name(str(problem))}.parquet"
        write_table(path, from_frame(rows, "problems"), name="problems")
    return directory


def _by_run(results: Results, name: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a long table as the entries of each run's part."""
    inside = [field.name for field in NESTED[name]]
    table = from_frame(getattr(results, name), name).select(["run_id", *inside])
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row.pop("run_id")].append(row)
    return found
