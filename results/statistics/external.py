"""Anyone's own numbers as scores: a CSV file with a row per algorithm, problem and seed."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ...errors import StoreError

REQUIRED: Final = ("problem", "algorithm", "value")
SEED: Final = "seed"


def read_scores(path: Path) -> pd.DataFrame:
    """Return the scores of a CSV file, with the columns of `comparison.scored`.

    Columns are `problem`, `algorithm`, `value` and, if there are several, `seed`; others are
    ignored. An empty value is a run without a result.

    Raises:
        StoreError: If the file cannot be read, lacks a column, has a value that is not a finite
            number, or has two values for one algorithm, problem and seed.
    """
    if not path.is_file():
        raise StoreError(f"`{path}` must be a CSV file. Found no such file. Check its path.")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise StoreError(
            f"`{path}` must be a CSV file with a header. Found {error or type(error).__name__}. "
            f"Its columns must be {', '.join(REQUIRED)} and, optionally, {SEED}."
        ) from error
    lacking = [name for name in REQUIRED if name not in frame.columns]
    if lacking or frame.empty:
        found = f"no column {', '.join(lacking)}" if lacking else "no rows"
        raise StoreError(
            f"`{path}` must have rows with the columns {', '.join(REQUIRED)}. Found {found}."
        )
    values = [_number(path, row, text) for row, text in enumerate(frame["value"], start=2)]
    scores = pd.DataFrame(
        {
            "problem": frame["problem"],
            "display_name": frame["algorithm"],
            "seed": frame[SEED] if SEED in frame.columns else "0",
            "value": values,
        }
    )
    twice = scores.duplicated(["problem", "display_name", "seed"])
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        names = scores[["display_name", "problem", "seed"]].to_numpy()[row]
        raise StoreError(
            f"`{path}` must have one value per algorithm, problem and seed. Found a second one in "
            f"line {row + 2}: {', '.join(map(str, names))}. Add a column `{SEED}`."
        )
    return scores


def _number(path: Path, line: int, text: str) -> float:
    if not text.strip():
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        raise StoreError(
            f"`{path}` must have finite numbers in the column `value`, or nothing for a run "
            f"without a result. Found `{text}` in line {line}."
        )
    return value
