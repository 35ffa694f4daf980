"""How a run directory calls its algorithms now, whatever they were called when they ran."""

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

    Display names are kept here and not only in the parts, so that renaming an algorithm never
    rewrites a part.
    """
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write_bytes(directory / PLANNED, f"[\n{lines}\n]\n".encode())


def read_planned(directory: Path) -> list[tuple[str, str, str, int]]:
    """Id, problem, display name and repetition of every run that the directory was asked for.

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
            "Pass the directory given to `fusefront run -o`, or run that command again."
        ) from error


def display_names(directory: Path) -> dict[str, str]:
    """Run id to display name, from the last `fusefront run`; empty where there is no list.

    Raises:
        StoreError: If the list is damaged.
    """
    if not (directory / PLANNED).exists():
        return {}
    return {run_id: name for run_id, _, name, _ in read_planned(directory)}


def renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """A table whose rows are of runs, under the names of those that have one."""
    ids = pa.array(list(names), pa.string())
    places = pc.index_in(table.column("run_id"), value_set=ids)
    new = pc.take(pa.array(list(names.values()), pa.string()), places)
    index = table.schema.get_field_index("display_name")
    column = pc.coalesce(new, table.column("display_name"))
    return table.set_column(index, table.schema.field(index), column)
