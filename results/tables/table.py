"""Tables of one metric, with a row per problem and a column per algorithm."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ...registry import unknown_name
from ..missing import RULE, Coverage, coverage, ranks, skipped
from ..results import EXPLANATION, MARK, Results, approximate
from .notes import (
    DIRECTIONS,
    WORSE_CAPTION,
    WORSE_COLUMN,
    conditions,
    gains,
    is_worse,
    unranked,
    unranked_caption,
)

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

    `centres` is NaN where a cell has no score.
    """

    texts: list[list[str]]
    centres: Values


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

    A cell counts the runs without a result, as in `0.8123 (0.0045) [1 failed]` or `[3 skipped]`;
    `missing.py` has the rule by which they are ranked. A leading `≈` marks cells that include an
    approximate hypervolume. Problems on which no algorithm has all results have no ranks, nor have
    those whose hypervolume is empty (see `can_rank`).

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
        cells where no result is missing, and `attrs["worse"]` those of algorithms that are worse
        than the pretrained model. `attrs["footer"]` counts the rows below the problems.
        `attrs["ranks"]` has, for each problem with ranks, the rank of every algorithm, and
        `attrs["more"]` columns for programs. `attrs["caption"]` names the metric, its direction,
        the number of seeds, the reference and the budget, and states the rules that were applied.
    """
    _check(results, metric, show, direction, number)
    scores = pick(results.scores_of(metric), reference)
    runs = results.runs.merge(
        scores[["run_id", "value"]], on="run_id", how="left", validate="one_to_one"
    )
    runs["approximate"] = runs["run_id"].isin(scores["run_id"][approximate(results, scores)])
    problems = list(runs["problem"].unique())
    names = list(runs.sort_values(["algorithm", "parameters"])["display_name"].unique())
    found, empty = coverage(runs), unranked(results, scores)
    needed = found.needed.reindex(index=names, columns=problems, fill_value=0).T.to_numpy()
    grid = _grid(runs, problems, names, needed, show, direction, number)
    centres = pd.DataFrame(grid.centres, index=problems, columns=names).T
    complete = found.complete.reindex(index=names, columns=problems, fill_value=False)
    ranked = ranks(centres.drop(columns=empty), complete, direction=direction)
    means = ranked.mean(axis=1)
    label = f"average rank ({ranked.shape[1]} of {len(problems)} problems)"
    frame = pd.DataFrame(
        [*grid.texts, [SKIPPED if np.isnan(rank) else f"{rank:.2f}" for rank in means]],
        index=pd.Index([*problems, label], name="problem"),
        columns=pd.Index(names, name="algorithm"),
    )
    rows = centres.where(complete)[ranked.columns]
    whole = means.where(found.whole.reindex(names))
    frame.attrs["best"] = [
        *((row, name) for row in ranked.columns for name in _best(rows[row], direction)),
        *((label, name) for name in _best(whole, "minimise")),
    ]
    frame.attrs["footer"] = 1
    frame.attrs["ranks"] = ranked.to_dict()
    _mark_worse(frame, results)
    frame.attrs["caption"] = "; ".join(
        [
            f"{metric} {DIRECTIONS[direction]}",
            *conditions(runs, scores, SHOWS[show]),
            *_rules(runs, found, empty),
            *([WORSE_CAPTION] if frame.attrs["worse"] else []),
        ]
    )
    return frame


def transpose(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `table` with a row per algorithm and a column per problem."""
    turned = frame.T
    turned.attrs = {
        **{key: [(c, r) for r, c in frame.attrs[key]] for key in ("best", "worse")},
        **{key: frame.attrs[key] for key in ("caption", "ranks")},
    }
    return turned


def _mark_worse(frame: pd.DataFrame, results: Results) -> None:
    gain = gains(results)
    worse = is_worse(gain).reindex(index=frame.columns, columns=frame.index, fill_value=False)
    by_row = {row: list(worse.index[worse[row]]) for row in frame.index}
    frame.attrs["worse"] = [(row, name) for row, names in by_row.items() for name in names]
    texts = [", ".join(map(str, names)) for names in by_row.values()]
    frame.attrs["more"] = {} if gain.empty else {WORSE_COLUMN: texts}


def _rules(runs: pd.DataFrame, found: Coverage, empty: list[str]) -> list[str]:
    """Return the rules that a table applied to missing results and to empty volumes."""
    texts = [
        EXPLANATION if runs["approximate"].any() else "",
        "" if found.whole.all() or found.needed.shape[1] == 0 else RULE,
        skipped(runs),
        unranked_caption(empty),
    ]
    return [text for text in texts if text]


def _check(results: Results, metric: str, show: str, direction: str, number: str) -> None:
    if results.scores_of(metric).empty:
        raise unknown_name("Metric", metric, results.metrics())
    for name, value, allowed in (("show", show, SHOWS), ("direction", direction, DIRECTIONS)):
        if value not in allowed:
            raise ParameterError(f"`{name}` must be one of {', '.join(allowed)}. Found `{value}`.")
    try:
        format(0.5, number)
    except ValueError as error:
        raise ParameterError(
            f"`number` must be a format of Python, such as `.4f` or `.2e`. Found `{number}`."
        ) from error


def pick(scores: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """Return the scores of one reference per problem: the given one, or the first.

    Args:
        scores: Rows of `results.scores` of one metric.
        reference: As it is stored.

    Raises:
        UnknownNameError: If no score has this reference.
        ParameterError: If the metric has no references.
    """
    scores = scores.assign(reference=scores["reference"].fillna(""))
    if reference is None:
        first = scores.drop_duplicates("problem").set_index("problem")["reference"]
        return scores[scores["reference"] == scores["problem"].map(first)]
    if set(scores["reference"]) == {""}:
        raise ParameterError(
            f"`reference` must be left out for `{scores['metric'].iloc[0]}`, which is measured "
            f"against none. Found `{reference}`."
        )
    if reference not in set(scores["reference"]):
        raise unknown_name("Reference", reference, list(scores["reference"].unique()))
    return scores[scores["reference"] == reference]


def _grid(
    runs: pd.DataFrame,
    problems: list[str],
    names: list[str],
    needed: NDArray[np.int64],
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
    marked = count(runs["approximate"].to_numpy())
    total = count(np.full(len(runs), True))
    lacking = {
        "failed": count(status == "failed"),
        "skipped": count(status == "skipped"),
        "not scored": count(done & ~scored),
        "absent": np.maximum(needed.ravel() - total, 0),
    }
    known = done & scored
    centres, spreads = _statistics(cells[known], values[known], size, show, direction)
    texts = np.full(size, "", dtype=object)
    for cell in range(size):
        notes = [f"[{counts[cell]} {word}]" for word, counts in lacking.items() if counts[cell]]
        mark = MARK if marked[cell] else ""
        words = [] if np.isnan(centres[cell]) else [mark + format(centres[cell], number)]
        if not np.isnan(spreads[cell]):
            words.append(f"({format(spreads[cell], number)})")
        texts[cell] = " ".join(words + notes)
    shape = (len(rows), len(columns))
    return _Grid(texts.reshape(shape).tolist(), centres.reshape(shape))


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


def _best(values: "pd.Series[float]", direction: str) -> Sequence[str]:
    best = values.max() if direction == "maximise" else values.min()
    return list(values.index[values == best])
