"""What became of a planned set of runs, told from the parts alone."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..files.record import STATUSES
from .parts import part_path, read_part
from .snapshot import Survey

_COLUMNS = ["run_id", "status", "reason", "error_class", "error_message"]
COLUMNS = ("problem", "display_name", *STATUSES, "missing", "reasons")


class PlannedRun(NamedTuple):
    """A run that a study asks for."""

    run_id: str
    problem: str
    display_name: str
    seed: int


def status(survey: Survey, planned: Iterable[tuple[str, str, str, int]]) -> pd.DataFrame:
    """How many runs are done, failed, skipped and missing, a row for each problem and algorithm.

    Args:
        survey: Of the run directory.
        planned: `(run_id, problem, display_name, seed)` of every run, as in `PlannedRun`; rows
            come in its order.

    Returns:
        The columns `COLUMNS`. A damaged part counts as missing, since it will be computed anew;
        `reasons` has the distinct reasons of skipped, failed and damaged runs.
    """
    ended = ended_as(survey)
    counts: dict[tuple[str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for run in map(PlannedRun._make, planned):
        key = (run.problem, run.display_name)
        word, reason = ended.get(run.run_id, ("missing", ""))
        counts.setdefault(key, Counter())[word] += 1
        if reason:
            reasons.setdefault(key, {})[reason] = None
    rows = [
        (*key, *(count[word] for word in COLUMNS[2:-1]), "; ".join(reasons.get(key, {})))
        for key, count in counts.items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[2:-1], "int64"))


def ended_as(survey: Survey) -> dict[str, tuple[str, str]]:
    """Status word and reason of every run that has a part, as `status_of`; damaged are missing."""
    rows = survey.runs.select(_COLUMNS).to_pylist()
    found = {row["run_id"]: _told(row) for row in rows}
    for run_id, what in survey.damaged.items():
        found[run_id] = ("missing", f"{run_id}.parquet: {what}")
    return found


def status_of(directory: Path, run_id: str) -> tuple[str, str]:
    """The status word of a run that has a part, and the reason where it is not done.

    Raises:
        DamagedFileError: If the part is not whole.
    """
    (row,) = read_part(part_path(directory, run_id)).select(_COLUMNS).to_pylist()
    return _told(row)


def _told(row: dict[str, str | None]) -> tuple[str, str]:
    if row["status"] != "failed":
        return str(row["status"]), row["reason"] or ""
    text = (row["error_message"] or "").strip().partition("\n")[0]
    return "failed", f"{row['error_class']}: {text}" if text else str(row["error_class"])
