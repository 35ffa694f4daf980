"""Tables of scores: problems down, algorithms across, failures in sight."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..benchmark.errors import ParameterError
from ..benchmark.registry import unknown_name
from .results import Results

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


class _Cell(NamedTuple):
    text: str
    centre: float
    whole: bool  # every run has a score


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
    scores = _pick(results.scores[results.scores["metric"] == metric], reference)
    runs = results.runs.merge(
        scores[["run_id", "value"]], on="run_id", how="left", validate="one_to_one"
    )
    problems = list(runs["problem"].unique())
    names = list(runs.sort_values(["algorithm", "parameters"])["display_name"].unique())
    cells = {
        key: _cell(group, show, direction, number)
        for key, group in runs.groupby(["problem", "display_name"])
    }
    empty = _Cell("", np.nan, False)
    rows = [[cells.get((problem, name), empty) for name in names] for problem in problems]
    whole = np.array([[cell.centre if cell.whole else np.nan for cell in row] for row in rows])
    ranks, label = _ranks(np.array([[cell.centre for cell in row] for row in rows]), direction)
    frame = pd.DataFrame(
        [[cell.text for cell in row] for row in rows]
        + [[SKIPPED if np.isnan(rank) else f"{rank:.2f}" for rank in ranks]],
        index=pd.Index([*problems, label], name="problem"),
        columns=pd.Index(names, name="algorithm"),
    )
    frame.attrs["best"] = [
        (problem, name)
        for problem, values in zip(problems, whole, strict=True)
        for name in _best(names, values, direction)
    ] + [(label, name) for name in _best(names, ranks, "minimise")]
    frame.attrs["caption"] = _caption(metric, show, direction, runs, scores)
    return frame


def _check(results: Results, metric: str, show: str, direction: str, number: str) -> None:
    known = list(results.scores["metric"].unique())
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


def _cell(group: pd.DataFrame, show: str, direction: str, number: str) -> _Cell:
    done = group["status"] == "done"
    values = group.loc[done, "value"].dropna().to_numpy(dtype=float)
    counts = {
        "failed": int((group["status"] == "failed").sum()),
        "skipped": int((group["status"] == "skipped").sum()),
        "not scored": int(done.sum()) - len(values),
    }
    if counts["skipped"] == len(group):
        return _Cell(SKIPPED, np.nan, False)
    notes = [f"[{count} {word}]" for word, count in counts.items() if count]
    if len(values) == 0:
        return _Cell(" ".join(notes), np.nan, False)
    centre, spread = _statistic(values, show, direction)
    texts = [format(centre, number)]
    if spread is not None:
        texts.append(f"({format(spread, number)})")
    return _Cell(" ".join(texts + notes), centre, not notes)


def _statistic(values: Values, show: str, direction: str) -> tuple[float, float | None]:
    """What is shown, and its spread; the spread of a single value is not known."""
    kind, _, spread = show.partition("-")
    highest = (direction == "maximise") == (kind == "best")
    centres: dict[str, Callable[[], float]] = {
        "mean": lambda: float(values.mean()),
        "median": lambda: float(np.median(values)),
        "best": lambda: float(values.max() if highest else values.min()),
        "worst": lambda: float(values.max() if highest else values.min()),
    }
    centre = centres[kind]()
    if not spread or len(values) == 1:
        return centre, None
    if spread == "std":
        return centre, float(values.std(ddof=1))
    return centre, float(np.subtract(*np.percentile(values, [75, 25])))


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
