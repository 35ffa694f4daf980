"""Tables of scores: problems down, algorithms across, failures in sight."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ...registry import unknown_name
from ..results import Results

DIRECTIONS = {"maximise": "↑, higher is better", "minimise": "↓, lower is better"}
SHOWS = {
    "mean-std": "mean (standard deviation)",
    "mean": "mean",
    "median-iqr": "median (interquartile range)",
    "median": "median",
    "best": "best",
    "worst": "worst",
}
SKIPPED = "\N{EN DASH}"
Values = NDArray[np.float64]


class _Grid(NamedTuple):
    """Cells of problems down and algorithms across."""

    texts: list[list[str]]
    centres: Values  # NaN without any score
    whole: NDArray[np.bool_]  # every run has a score


def table(
    results: Results,
    metric: str,
    show: str = "mean-std",
    *,
    direction: str,
    reference: str | None = None,
    number: str = ".4f",
) -> pd.DataFrame:
    """Cell texts over seeds, as `0.8123 (0.0045)`, with an average rank as the last row.

    A cell says how many of its runs failed or have no score, as `0.8123 (0.0045) [1 failed]`;
    one with all runs skipped is an en dash, one without runs empty. The rank is over the
    problems where every algorithm has a value.

    Args:
        results: With scores.
        metric: One of those in `results.scores`.
        show: One of `SHOWS`.
        direction: `maximise` or `minimise`, for the best of each row and the ranks.
        reference: Which reference point or front, if the metric was computed with several; by
            default the first of each problem. The caption names it.
        number: Format of a number, as in Python's `format`.

    Returns:
        `attrs["best"]` lists the (row, column) of the best values, among cells where every run has
        a score; `attrs["caption"]` says metric, direction, seeds, reference and budget.
    """
    _check(results, metric, show, direction, number)
    scores = _pick(results.scores_of(metric), reference)
    runs = results.runs.merge(
        scores[["run_id", "value"]], on="run_id", how="left", validate="one_to_one"
    )
    problems = list(runs["problem"].unique())
    names = list(runs.sort_values(["algorithm", "parameters"])["display_name"].unique())
    grid = _grid(runs, problems, names, show, direction, number)
    ranks, label = _ranks(grid.centres, direction)
    frame = pd.DataFrame(
        [*grid.texts, [SKIPPED if np.isnan(rank) else f"{rank:.2f}" for rank in ranks]],
        index=pd.Index([*problems, label], name="problem"),
        columns=pd.Index(names, name="algorithm"),
    )
    whole = np.where(grid.whole, grid.centres, np.nan)
    frame.attrs["best"] = [
        (problem, name)
        for problem, values in zip(problems, whole, strict=True)
        for name in _best(names, values, direction)
    ] + [(label, name) for name in _best(names, ranks, "minimise")]
    frame.attrs["caption"] = _caption(metric, show, direction, runs, scores)
    return frame


def _check(results: Results, metric: str, show: str, direction: str, number: str) -> None:
    known = results.metrics()
    if metric not in known:
        raise unknown_name("Metric", metric, known)
    for name, value, allowed in (("show", show, SHOWS), ("direction", direction, DIRECTIONS)):
        if value not in allowed:
            raise ParameterError(f"`{name}` must be one of {', '.join(allowed)}. Found `{value}`.")
    try:
        format(0.5, number)
    except ValueError as error:
        raise ParameterError(
            f"`number` must be a format of Python, as `.4f` or `.2e`. Found `{number}`."
        ) from error


def _pick(scores: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """One reference for each problem: the given one, or the first."""
    scores = scores.assign(reference=scores["reference"].fillna(""))
    if reference is None:
        first = scores.drop_duplicates("problem").set_index("problem")["reference"]
        return scores[scores["reference"] == scores["problem"].map(first)]
    if reference not in set(scores["reference"]):
        raise unknown_name("Reference", reference, list(scores["reference"].unique()))
    return scores[scores["reference"] == reference]


def _grid(
    runs: pd.DataFrame,
    problems: list[str],
    names: list[str],
    show: str,
    direction: str,
    number: str,
) -> _Grid:
    rows, columns = pd.Index(problems), pd.Index(names)
    size = len(rows) * len(columns)
    cells = rows.get_indexer(pd.Index(runs["problem"])) * len(columns)
    cells += columns.get_indexer(pd.Index(runs["display_name"]))

    def count(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(cells[which], minlength=size)

    status, values = runs["status"].to_numpy(), runs["value"].to_numpy(dtype=float)
    done, scored = status == "done", ~np.isnan(values)
    skipped, there = count(status == "skipped"), count(np.full(len(runs), True))
    lacking = {
        "failed": count(status == "failed"),
        "skipped": skipped,
        "not scored": count(done & ~scored),
    }
    known = done & scored
    centres, spreads = _statistics(cells[known], values[known], size, show, direction)
    texts = np.full(size, "", dtype=object)
    for cell in np.flatnonzero(there):
        if skipped[cell] == there[cell]:
            texts[cell] = SKIPPED
            continue
        notes = [f"[{counts[cell]} {word}]" for word, counts in lacking.items() if counts[cell]]
        words = [] if np.isnan(centres[cell]) else [format(centres[cell], number)]
        if not np.isnan(spreads[cell]):
            words.append(f"({format(spreads[cell], number)})")
        texts[cell] = " ".join(words + notes)
    shape = (len(rows), len(columns))
    whole = (there > 0) & (sum(lacking.values()) == 0)
    return _Grid(texts.reshape(shape).tolist(), centres.reshape(shape), whole.reshape(shape))


def _statistics(
    cells: NDArray[np.intp], values: Values, size: int, show: str, direction: str
) -> tuple[Values, Values]:
    """What is shown of the values of each cell, and its spread; NaN where it is not known.

    Cells with equally many values are done at once.
    """
    values = values[np.argsort(cells, kind="stable")]
    counts = np.bincount(cells, minlength=size)
    starts = np.cumsum(counts) - counts
    centres, spreads = np.full(size, np.nan), np.full(size, np.nan)
    kind, _, spread = show.partition("-")
    for count in np.unique(counts[counts > 0]):
        same = np.flatnonzero(counts == count)
        block = values[starts[same][:, None] + np.arange(count)]
        centres[same] = _centre(kind, direction)(block, axis=1)
        if count > 1 and spread == "std":
            spreads[same] = block.std(axis=1, ddof=1)
        elif count > 1 and spread:
            spreads[same] = np.subtract(*np.percentile(block, [75, 25], axis=1))
    return centres, spreads


def _centre(kind: str, direction: str) -> Callable[..., Values]:
    functions: dict[str, Callable[..., Values]] = {"mean": np.mean, "median": np.median}
    highest = (direction == "maximise") == (kind == "best")
    return functions.get(kind, np.max if highest else np.min)


def _best(names: list[str], values: Values, direction: str) -> list[str]:
    if np.isnan(values).all():
        return []
    best = np.nanmax(values) if direction == "maximise" else np.nanmin(values)
    return [name for name, value in zip(names, values, strict=True) if value == best]


def _ranks(centres: Values, direction: str) -> tuple[Values, str]:
    """Average rank of each column, 1 the best, ties shared; and the label of that row."""
    complete = pd.DataFrame(centres).dropna()
    ranks = complete.rank(axis=1, ascending=direction == "minimise").mean()
    return ranks.to_numpy(), f"average rank ({len(complete)} of {len(centres)} problems)"


def _caption(
    metric: str, show: str, direction: str, runs: pd.DataFrame, scores: pd.DataFrame
) -> str:
    seeds = runs.groupby(["problem", "display_name"])["seed"].nunique()
    low, high = int(seeds.min()), int(seeds.max())
    count = str(low) if low == high else f"{low} to {high}"
    plural = "seed" if count == "1" else "seeds"
    budgets = sorted(int(budget) for budget in runs["budget_units"].dropna().unique())
    return (
        f"{metric} {DIRECTIONS[direction]}; {SHOWS[show]} over {count} {plural}; "
        f"{_references(scores)}"
        + (f"budget {', '.join(map(str, budgets))} units" if budgets else "no budget cap")
    )


def _references(scores: pd.DataFrame) -> str:
    used = scores.drop_duplicates("problem").set_index("problem")["reference"]
    used = used[used != ""]
    if used.empty:
        return ""
    if used.nunique() == 1:
        return f"reference {used.iloc[0]}; "
    return f"references {', '.join(f'{ref} ({problem})' for problem, ref in used.items())}; "
