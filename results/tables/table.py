"""Tables of one metric, with a row per problem and a column per algorithm."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ...registry import unknown_name
from ..results import EXPLANATION, MARK, Results, approximate

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
    """The cells of a table: rows are problems, columns are algorithms.

    `centres` is NaN where a cell has no score; `complete` is True where every run has one.
    """

    texts: list[list[str]]
    centres: Values
    complete: NDArray[np.bool_]


def table(
    results: Results,
    metric: str,
    show: str = "mean-std",
    *,
    direction: str,
    reference: str | None = None,
    number: str = ".4f",
) -> pd.DataFrame:
    """Return the scores as texts such as `0.8123 (0.0045)`, with average ranks in the last row.

    A cell counts the runs that failed or have no score, as in `0.8123 (0.0045) [1 failed]`. It is
    an en dash if all of its runs were skipped, and empty if it has no runs. A leading `≈` marks
    cells that include an approximate hypervolume. An algorithm with a run that has no score ranks
    last on that problem, together with all others that lack a score. So a failure costs its own
    algorithm a rank, and no other. Problems on which no algorithm has all scores have no ranks.

    Args:
        results: With scores.
        metric: One of those in `results.scores`.
        show: One of `SHOWS`.
        direction: `maximise` or `minimise`; decides the best of each row and the ranks.
        reference: The reference point or front, if the metric was computed with several. The
            default is the first one of each problem. The caption names it.
        number: Format of a number, as in Python's `format`.

    Returns:
        A frame of texts. `attrs["best"]` lists the (row, column) of the best values among the
        cells where every run has a score. `attrs["caption"]` names the metric, its direction, the
        number of seeds, the reference and the budget.
    """
    _check(results, metric, show, direction, number)
    scores = _pick(results.scores_of(metric), reference)
    runs = results.runs.merge(
        scores[["run_id", "value"]], on="run_id", how="left", validate="one_to_one"
    )
    runs["approximate"] = runs["run_id"].isin(scores["run_id"][approximate(results, scores)])
    problems = list(runs["problem"].unique())
    names = list(runs.sort_values(["algorithm", "parameters"])["display_name"].unique())
    grid = _grid(runs, problems, names, show, direction, number)
    complete = np.where(grid.complete, grid.centres, np.nan)
    ranks, label = _ranks(complete, direction)
    frame = pd.DataFrame(
        [*grid.texts, [SKIPPED if np.isnan(rank) else f"{rank:.2f}" for rank in ranks]],
        index=pd.Index([*problems, label], name="problem"),
        columns=pd.Index(names, name="algorithm"),
    )
    frame.attrs["best"] = [
        (problem, name)
        for problem, values in zip(problems, complete, strict=True)
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
            f"`number` must be a format of Python, such as `.4f` or `.2e`. Found `{number}`."
        ) from error


def _pick(scores: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """Return the scores of one reference per problem: the given one, or the first."""
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
    skipped, total = count(status == "skipped"), count(np.full(len(runs), True))
    marked = count(runs["approximate"].to_numpy())
    lacking = {
        "failed": count(status == "failed"),
        "skipped": skipped,
        "not scored": count(done & ~scored),
    }
    known = done & scored
    centres, spreads = _statistics(cells[known], values[known], size, show, direction)
    texts = np.full(size, "", dtype=object)
    for cell in np.flatnonzero(total):
        if skipped[cell] == total[cell]:
            texts[cell] = SKIPPED
            continue
        notes = [f"[{counts[cell]} {word}]" for word, counts in lacking.items() if counts[cell]]
        mark = MARK if marked[cell] else ""
        words = [] if np.isnan(centres[cell]) else [mark + format(centres[cell], number)]
        if not np.isnan(spreads[cell]):
            words.append(f"({format(spreads[cell], number)})")
        texts[cell] = " ".join(words + notes)
    shape = (len(rows), len(columns))
    complete = (total > 0) & (sum(lacking.values()) == 0)
    return _Grid(texts.reshape(shape).tolist(), centres.reshape(shape), complete.reshape(shape))


def _statistics(
    cells: NDArray[np.intp], values: Values, size: int, show: str, direction: str
) -> tuple[Values, Values]:
    """Return the centre and spread of the values of each cell, NaN where it has too few.

    Cells with the same number of values are computed together: a group-by calls a Python function
    per cell, which takes minutes for tables of a hundred thousand runs.
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
    """Return the average rank of each column (1 is best, ties share) and the label of the row.

    NaN ranks last, and several NaN share the last ranks.
    """
    ranked = pd.DataFrame(centres).dropna(how="all")
    ranks = ranked.rank(axis=1, ascending=direction == "minimise", na_option="bottom").mean()
    return ranks.to_numpy(), f"average rank ({len(ranked)} of {len(centres)} problems)"


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
        + (f"; {EXPLANATION}" if runs["approximate"].any() else "")
    )


def _references(scores: pd.DataFrame) -> str:
    used = scores.drop_duplicates("problem").set_index("problem")["reference"]
    used = used[used != ""]
    if used.empty:
        return ""
    if used.nunique() == 1:
        return f"reference {used.iloc[0]}; "
    return f"references {', '.join(f'{ref} ({problem})' for problem, ref in used.items())}; "
