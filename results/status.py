"""What became of a planned set of runs, told from the parts alone."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from .parquet import DamagedFileError
from .record import STATUSES
from .store import PARTS, read_part

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
        word, reason = _look(directory / PARTS / f"{run.run_id}.parquet")
        counts.setdefault(key, Counter())[word] += 1
        if reason:
            reasons.setdefault(key, {})[reason] = None
    rows = [
        (*key, *(count[word] for word in COLUMNS[2:-1]), "; ".join(reasons.get(key, {})))
        for key, count in counts.items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[2:-1], "int64"))


def _look(path: Path) -> tuple[str, str]:
    """The status word of a part, and why it is not done."""
    if not path.exists():
        return "missing", ""
    try:
        row = read_part(path).select(["status", "reason", "error_class", "error_message"])
    except DamagedFileError as error:
        return "missing", f"{path.name}: {error}"
    word, reason, error_class, message = (column[0].as_py() for column in row.columns)
    if word == "failed":
        text = (message or "").strip().partition("\n")[0]
        return word, f"{error_class}: {text}" if text else str(error_class)
    return word, reason or ""
