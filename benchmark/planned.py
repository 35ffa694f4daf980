"""The runs that a directory was asked for, kept so that its state is told without loading any."""

import json
from collections.abc import Iterable
from pathlib import Path

from ..results.names import PLANNED as PLANNED
from ..results.names import read_planned as read_planned
from ..results.parquet import write_bytes
from .study import RunSpec


def write_planned(directory: Path, specs: Iterable[RunSpec]) -> None:
    """Write id, problem, display name and repetition of every run, one a line.

    Display names are kept here, not in what ran: a part is never written anew to be renamed.
    """
    rows = [(s.run_id, s.problem, s.algorithm.display_name, s.repetition) for s in specs]
    write_rows(directory, rows)


def write_rows(directory: Path, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Write rows as `read_planned` gives them."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write_bytes(directory / PLANNED, f"[\n{lines}\n]\n".encode())
