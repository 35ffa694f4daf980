"""Summary tables: a row per algorithm and a column per metric, averaged over problems."""

from collections.abc import Sequence

import pandas as pd

from ...errors import ParameterError
from ..results import EXPLANATION, MARK, Results, approximate
from .table import SKIPPED


def summary(
    results: Results, columns: Sequence[tuple[str, str, str]], problems: Sequence[str]
) -> pd.DataFrame:
    """Return texts `mean (standard deviation)`: the mean over problems, its spread over seeds.

    Values that depend on the number of tasks, such as hypervolume, can only be averaged over
    problems with the same number of tasks. A cell counts its runs that have no score, and a
    leading `≈` marks means that include an approximate hypervolume.

    Args:
        results: With scores.
        columns: `(metric, reference, direction)` of each column; an empty reference selects the
            first one of the metric.
        problems: The problems to average over.

    Returns:
        One row per algorithm, sorted by name. `attrs` has `best` and `caption`, as for `table`.
    """
    runs = results.runs[results.runs["problem"].isin(problems)]
    if runs.empty:
        raise ParameterError(
            "`problems` must have runs in the results. "
            f"Found none of {', '.join(problems) or 'no problems'}."
        )
    frame = pd.DataFrame(index=pd.Index(sorted(set(runs["display_name"])), name="algorithm"))
    best, marked = [], False
    for metric, reference, direction in columns:
        scores = results.scores_of(metric)
        if reference:
            scores = scores[scores["reference"] == reference]
        scores = scores.drop_duplicates(["run_id", "metric"])
        joined = runs.merge(scores[["run_id", "value"]], on="run_id", how="left")
        seeds = joined.groupby(["display_name", "seed"])["value"].mean().unstack("seed")
        inexact = set(scores["run_id"][approximate(results, scores)])
        marks = joined["run_id"].isin(inexact).groupby(joined["display_name"]).any()
        marked |= bool(marks.any())
        missing = joined["value"].isna().groupby(joined["display_name"]).sum()
        name = f"{metric} {'↑' if direction == 'maximise' else '↓'}"
        frame[name] = [
            (MARK if marks[row] else "") + _cell(seeds.loc[row], int(missing[row]))
            for row in frame.index
        ]
        means = seeds.mean(axis=1)[missing == 0]
        target = means.max() if direction == "maximise" else means.min()
        best += [(row, name) for row in means.index[means == target]]
    count, several = runs["seed"].nunique(), runs["problem"].nunique()
    frame.attrs["best"] = best
    frame.attrs["caption"] = (
        f"mean over {several} problem{'s' * (several != 1)} (standard deviation of it over "
        f"{count} seed{'s' * (count != 1)}); ↑ higher is better, ↓ lower is better"
        + (f"; {EXPLANATION}" if marked else "")
    )
    return frame


def _cell(seeds: "pd.Series[float]", missing: int) -> str:
    spread = f" ({_number(seeds.std())})" if seeds.notna().sum() > 1 else ""
    text = f"{_number(seeds.mean())}{spread}" if seeds.notna().any() else SKIPPED
    return f"{text} [{missing} not scored]" if missing else text


def _number(value: float) -> str:
    """Format with four decimals, in thousands or millions if the value is large."""
    for factor, suffix in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.2f}{suffix}"
    return f"{value:.4f}"
