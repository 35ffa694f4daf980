"""Summary tables: a row per algorithm and a column per metric, averaged over problems."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError
from ..missing import RULE, coverage, skipped
from ..results import EXPLANATION, MARK, Results, approximate
from .notes import (
    WORSE_CAPTION,
    WORSE_COLUMN,
    gains,
    is_worse,
    unranked,
    unranked_caption,
)
from .table import SKIPPED


class _Column(NamedTuple):
    """A metric: its texts and best rows, and what the caption has to explain.

    `whole` is False if an algorithm lacks results, and `problems` counts those with scores. `empty`
    are the problems that the metric cannot rank.
    """

    texts: list[str]
    best: list[str]
    whole: bool
    problems: int
    empty: list[str]


def summary(
    results: Results, columns: Sequence[tuple[str, str, str]], problems: Sequence[str]
) -> pd.DataFrame:
    """Return texts `mean (standard deviation)`: the mean over problems, its spread over seeds.

    Values that depend on the number of tasks, such as hypervolume, can only be averaged over
    problems with the same number of tasks. An algorithm that lacks results has the mean over those
    it has, with their number, as in `0.8123 [3 of 4 runs]`; `missing.py` has the rule. A leading
    `≈` marks means that include an approximate hypervolume.

    Args:
        results: With scores.
        columns: `(metric, reference, direction)` of each column; an empty reference selects the
            first one of the metric.
        problems: The problems to average over.

    Returns:
        One row per algorithm, sorted by name. `attrs` has `best`, `worse`, `more` and `caption`, as
        for `table`. No algorithm is the best in a hypervolume that cannot rank one of the problems.
    """
    runs = results.runs[results.runs["problem"].isin(problems)]
    if runs.empty:
        raise ParameterError(
            "`problems` must have runs in the results. "
            f"Found none of {', '.join(problems) or 'no problems'}."
        )
    frame = pd.DataFrame(index=pd.Index(sorted(set(runs["display_name"])), name="algorithm"))
    made, best = {}, []
    for metric, reference, direction in columns:
        name = f"{metric} {'↑' if direction == 'maximise' else '↓'}"
        made[metric] = _column(results, runs, list(frame.index), metric, reference, direction)
        frame[name] = made[metric].texts
        best += [(row, name) for row in made[metric].best]
    frame.attrs["best"] = best
    gain = gains(results)
    _mark_worse(frame, gain.loc[:, gain.columns.isin(runs["problem"])])
    frame.attrs["caption"] = "; ".join(_caption(frame, runs, made))
    return frame


def _column(
    results: Results,
    runs: pd.DataFrame,
    names: list[str],
    metric: str,
    reference: str,
    direction: str,
) -> _Column:
    scores = results.scores_of(metric)
    scores = scores[scores["problem"].isin(runs["problem"].unique())]
    if reference:
        scores = scores[scores["reference"] == reference]
    scores = scores.drop_duplicates(["run_id", "metric"])
    joined = runs.merge(scores[["run_id", "value"]], on="run_id", how="left")
    found, empty = coverage(joined), unranked(results, scores)
    seeds = joined.groupby(["display_name", "seed"])["value"].mean().unstack("seed")
    means = joined.groupby("display_name")["value"].mean()
    counts, needed = found.counts.sum(axis=1), found.needed.sum(axis=1)
    inexact = set(scores.loc[approximate(results, scores), "display_name"])
    texts = [
        (MARK if name in inexact else "")
        + (
            _whole(seeds.loc[name].to_numpy())
            if found.whole[name]
            else _partial(means[name], int(counts[name]), int(needed[name]))
        )
        for name in names
    ]
    values = seeds.mean(axis=1).where(found.whole.reindex(seeds.index))
    target = values.max() if direction == "maximise" else values.min()
    return _Column(
        texts=texts,
        best=[] if empty else list(values.index[values == target]),
        whole=bool(found.whole.all()) or found.needed.shape[1] == 0,
        problems=found.needed.shape[1],
        empty=empty,
    )


def _mark_worse(frame: pd.DataFrame, gain: pd.DataFrame) -> None:
    """Mark algorithms whose mean gain over the problems is negative, and count the problems."""
    worse = is_worse(gain).sum(axis=1).reindex(frame.index, fill_value=0)
    known = gain.notna().sum(axis=1).reindex(frame.index, fill_value=0)
    on_average = is_worse(gain.mean(axis=1).to_frame())[0].reindex(frame.index, fill_value=False)
    frame.attrs["worse"] = [(name, frame.index.name) for name in frame.index[on_average]]
    texts = [f"{n} of {of} problems" for n, of in zip(worse, known, strict=True)]
    frame.attrs["more"] = {} if gain.empty else {WORSE_COLUMN: texts}


def _caption(frame: pd.DataFrame, runs: pd.DataFrame, made: dict[str, _Column]) -> list[str]:
    count, several = runs["seed"].nunique(), runs["problem"].nunique()
    fewer: dict[int, list[str]] = {}
    for metric, column in made.items():
        if 0 < column.problems < several:
            fewer.setdefault(column.problems, []).append(metric)
    empty = list(dict.fromkeys(problem for column in made.values() for problem in column.empty))
    texts = [
        f"mean over {several} problem{'s' * (several != 1)} (standard deviation of it over "
        f"{count} seed{'s' * (count != 1)})",
        "↑ higher is better, ↓ lower is better",
        *(f"{', '.join(names)} over the {k} with scores" for k, names in fewer.items()),
        EXPLANATION if any(MARK in text for c in made.values() for text in c.texts) else "",
        "" if all(column.whole for column in made.values()) else RULE,
        skipped(runs),
        unranked_caption(empty),
        WORSE_CAPTION if frame.attrs["worse"] else "",
    ]
    return [text for text in texts if text]


def _whole(seeds: NDArray[np.float64]) -> str:
    known = seeds[~np.isnan(seeds)]  # an algorithm may have fewer seeds than others elsewhere
    spread = f" ({_number(known.std(ddof=1))})" if len(known) > 1 else ""
    return f"{_number(known.mean())}{spread}"


def _partial(mean: float, count: int, needed: int) -> str:
    text = _number(mean) if count else SKIPPED
    return f"{text} [{count} of {needed} runs]" if needed else text


def _number(value: float) -> str:
    """Format with four decimals, in thousands or millions if the value is large."""
    for factor, suffix in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.2f}{suffix}"
    return f"{value:.4f}"
