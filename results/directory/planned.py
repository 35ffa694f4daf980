"""The planned runs of a directory: their list, display names and statuses."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import StoreError
from ..files.parquet import write_bytes
from ..files.record import RUN_ID, STATUSES
from .parts import part_path, read_part

if TYPE_CHECKING:
    from .snapshot import Snapshot

PLANNED: Final = "planned.json"
_COLUMNS = ["run_id", "status", "reason", "error_class", "error_message"]
COLUMNS = ("problem", "display_name", *STATUSES, "missing", "reasons")


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
        return [_planned_row(row) for row in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        found = getattr(error, "strerror", None) or error
        raise StoreError(
            f"`{path}` must be the list of runs that `fusefront run` writes. Found: {found}. "
            "Pass the directory that was given to `fusefront run -o`, or run that command again."
        ) from error


def _planned_row(row: object) -> tuple[str, str, str, int]:
    match row:
        case [str(run_id), str(problem), str(name), int(seed)] if (
            re.fullmatch(RUN_ID, run_id) and not isinstance(seed, bool) and seed >= 0
        ):
            return run_id, problem, name, seed
    raise ValueError(f"{str(row)[:60]!r}, which is no id, problem, display name and seed")


def display_names(directory: Path) -> dict[str, str]:
    """Return the display name of each planned run, by run id; empty if there is no list.

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


class PlannedRun(NamedTuple):
    """A row of `planned.json`: a run that the study asks for."""

    run_id: str
    problem: str
    display_name: str
    seed: int


def count_statuses(
    snapshot: "Snapshot", planned: Iterable[tuple[str, str, str, int]]
) -> pd.DataFrame:
    """Count the runs that are done, failed, skipped and missing, per problem and algorithm.

    Args:
        snapshot: The state of the run directory.
        planned: `(run_id, problem, display_name, seed)` of every run, as in `PlannedRun`. Rows
            of the result have its order.

    Returns:
        The columns `COLUMNS`. A damaged part counts as missing, since it will be computed again.
        `reasons` joins the distinct reasons of skipped, failed and damaged runs.
    """
    statuses = run_statuses(snapshot)
    counts: dict[tuple[str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for run in map(PlannedRun._make, planned):
        key = (run.problem, run.display_name)
        word, reason = statuses.get(run.run_id, ("missing", ""))
        counts.setdefault(key, Counter())[word] += 1
        if reason:
            reasons.setdefault(key, {})[reason] = None
    rows = [
        (*key, *(count[word] for word in COLUMNS[2:-1]), "; ".join(reasons.get(key, {})))
        for key, count in counts.items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[2:-1], "int64"))


def run_statuses(snapshot: "Snapshot") -> dict[str, tuple[str, str]]:
    """Return status and reason by run id of every run with a part; `missing` if it is damaged."""
    rows = snapshot.runs.select(_COLUMNS).to_pylist()
    found = {row["run_id"]: _status(row) for row in rows}
    for run_id, fault in snapshot.damaged.items():
        found[run_id] = ("missing", f"{run_id}.parquet: {fault}")
    return found


def run_status(directory: Path, run_id: str) -> tuple[str, str]:
    """Return the status of a run that has a part, and the reason unless it is done.

    Raises:
        DamagedFileError: If the part is damaged.
    """
    (row,) = read_part(part_path(directory, run_id)).select(_COLUMNS).to_pylist()
    return _status(row)


def _status(row: dict[str, str | None]) -> tuple[str, str]:
    if row["status"] != "failed":
        return str(row["status"]), row["reason"] or ""
    text = (row["error_message"] or "").strip().partition("\n")[0]
    return "failed", f"{row['error_class']}: {text}" if text else str(row["error_class"])
