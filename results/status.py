"""What became of a planned set of runs, told from the parts alone."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from .parquet import DamagedFileError
from .record import STATUSES
from .store import part_path, read_part

COLUMNS = ("problem", "display_name", *STATUSES, "missing", "reasons")


class PlannedRun(NamedTuple):
    """A run that a study asks for."""

    run_id: str
    problem: str
    display_name: str
    seed: int


def status(directory: Path, planned: Iterable[tuple[str, str, str, int]]) -> pd.DataFrame:
    """How many runs are done, failed, skipped and missing, a row for each problem and algorithm.

    Args:
        directory: The run directory; it need not exist yet.
        planned: `(run_id, problem, display_name, seed)` of every run, as in `PlannedRun`; rows
            come in its order.

    Returns:
        The columns `COLUMNS`. A damaged part counts as missing, since it will be computed anew;
        `reasons` has the distinct reasons of skipped, failed and damaged runs.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for run in map(PlannedRun._make, planned):
        key = (run.problem, run.display_name)
        word, reason = _look(directory, run.run_id)
        counts.setdefault(key, Counter())[word] += 1
        if reason:
            reasons.setdefault(key, {})[reason] = None
    rows = [
        (*key, *(count[word] for word in COLUMNS[2:-1]), "; ".join(reasons.get(key, {})))
        for key, count in counts.items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[2:-1], "int64"))


def status_of(directory: Path, run_id: str) -> tuple[str, str]:
    """The status word of a run that has a part, and the reason where it is not done.

    Raises:
        DamagedFileError: If the part is not whole.
    """
    row = read_part(part_path(directory, run_id))
    (facts,) = row.select(["status", "reason", "error_class", "error_message"]).to_pylist()
    if facts["status"] != "failed":
        return facts["status"], facts["reason"] or ""
    text = (facts["error_message"] or "").strip().partition("\n")[0]
    return "failed", f"{facts['error_class']}: {text}" if text else str(facts["error_class"])


def _look(directory: Path, run_id: str) -> tuple[str, str]:
    """As `status_of`; without a whole part it is missing."""
    path = part_path(directory, run_id)
    if not path.exists():
        return "missing", ""
    try:
        return status_of(directory, run_id)
    except DamagedFileError as error:
        return "missing", f"{path.name}: {error}"
