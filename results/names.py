"""How a run directory calls its algorithms now, whatever they were called when they ran."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from ..benchmark.errors import StoreError

PLANNED: Final = "planned.json"


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


def renamed(part: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The one-row table of a part under the name of its run, if it has one."""
    (run_id,) = part.column("run_id").to_pylist()
    if run_id not in names:
        return part
    index = part.schema.get_field_index("display_name")
    return part.set_column(index, part.schema.field(index), pa.array([names[run_id]]))
