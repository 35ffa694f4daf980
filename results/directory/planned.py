"""The list of planned runs, with the current display names of their algorithms."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import StoreError
from ..files.parquet import write_bytes

PLANNED: Final = "planned.json"


def write_planned(directory: Path, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Write the id, problem, display name and seed of every planned run, one run per line.

    Display names are kept here as well as in the parts, so that renaming an algorithm in a study
    never rewrites a part.
    """
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write_bytes(directory / PLANNED, f"[\n{lines}\n]\n".encode())


def read_planned(directory: Path) -> list[tuple[str, str, str, int]]:
    """Return id, problem, display name and seed of every run that the directory is planned to hold.

    Raises:
        StoreError: If the directory was not made by `fusefront run`, or the file is damaged.
    """
    path = directory / PLANNED
    try:
        rows = json.loads(path.read_bytes())
        return [(run_id, problem, name, int(seed)) for run_id, problem, name, seed in rows]
    except (OSError, ValueError, TypeError) as error:
        found = getattr(error, "strerror", None) or error
        raise StoreError(
            f"`{path}` must be the list of runs that `fusefront run` writes. Found: {found}. "
            "Pass the directory that was given to `fusefront run -o`, or run that command again."
        ) from error


def display_names(directory: Path) -> dict[str, str]:
    """Return run id to display name from the last `fusefront run`, or nothing without a list.

    Raises:
        StoreError: If the list is damaged.
    """
    if not (directory / PLANNED).exists():
        return {}
    return {run_id: name for run_id, _, name, _ in read_planned(directory)}


def renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Return a table of rows of runs, in which the runs in `names` have these display names."""
    ids = pa.array(list(names), pa.string())
    places = pc.index_in(table.column("run_id"), value_set=ids)
    new = pc.take(pa.array(list(names.values()), pa.string()), places)
    index = table.schema.get_field_index("display_name")
    column = pc.coalesce(new, table.column("display_name"))
    return table.set_column(index, table.schema.field(index), column)
