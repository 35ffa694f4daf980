"""The statuses of planned runs, read from the parts alone."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..files.record import STATUSES
from .parts import part_path, read_part
from .snapshot import Snapshot

_COLUMNS = ["run_id", "status", "reason", "error_class", "error_message"]
COLUMNS = ("problem", "display_name", *STATUSES, "missing", "reasons")


class PlannedRun(NamedTuple):
    """A row of `planned.json`: a run that the study asks for."""

    run_id: str
    problem: str
    display_name: str
    seed: int


def count_statuses(
    snapshot: Snapshot, planned: Iterable[tuple[str, str, str, int]]
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


def run_statuses(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Return status and reason by run id of every run with a part; `missing` if it is damaged."""
    rows = snapshot.runs.select(_COLUMNS).to_pylist()
    found = {row["run_id"]: _status(row) for row in rows}
    for run_id, damage in snapshot.damaged.items():
        found[run_id] = ("missing", f"{run_id}.parquet: {damage}")
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
