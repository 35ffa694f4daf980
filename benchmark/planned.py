"""The runs that a directory was asked for, kept so that its state is told without loading any."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..results.parquet import write_bytes
from .errors import StoreError
from .study import RunSpec

PLANNED: Final = "planned.json"


def write_planned(directory: Path, specs: Iterable[RunSpec]) -> None:
    """Write id, problem, display name and repetition of every run, one a line."""
    rows = [[s.run_id, s.problem, s.algorithm.display_name, s.repetition] for s in specs]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write_bytes(directory / PLANNED, f"[\n{lines}\n]\n".encode())


def read_planned(directory: Path) -> list[tuple[str, str, str, int]]:
    """What `write_planned` wrote.

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
