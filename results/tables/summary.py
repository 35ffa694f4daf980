"""Algorithms against metrics: each averaged over problems, with its spread over seeds."""

from collections.abc import Sequence

import pandas as pd

from ...errors import ParameterError
from ..results import Results
from .table import SKIPPED


def summary(
    results: Results, columns: Sequence[tuple[str, str, str]], problems: Sequence[str]
) -> pd.DataFrame:
    """Cell texts `mean (standard deviation)`: the mean over problems, its spread over seeds.

    Averages of values that depend on the number of tasks, such as hypervolume, mean something only
    over problems with equally many. A cell says how many of its runs have no score.

    Args:
        results: With scores.
        columns: `(metric, reference, direction)`; an empty reference takes the metric's first.
        problems: Which problems to average over.

    Returns:
        A row an algorithm, in the order of their names. `attrs` has `best` and `caption`.
    """
    runs = results.runs[results.runs["problem"].isin(problems)]
    if runs.empty:
        raise ParameterError(
            "`problems` must have runs in the results. "
            f"Found none of {', '.join(problems) or 'no problem at all'}."
        )
    frame = pd.DataFrame(index=pd.Index(sorted(set(runs["display_name"])), name="algorithm"))
    best = []
    for metric, reference, direction in columns:
        scores = results.scores_of(metric)
        if reference:
            scores = scores[scores["reference"] == reference]
        scores = scores.drop_duplicates(["run_id", "metric"])
        joined = runs.merge(scores[["run_id", "value"]], on="run_id", how="left")
        seeds = joined.groupby(["display_name", "seed"])["value"].mean().unstack("seed")
        missing = joined["value"].isna().groupby(joined["display_name"]).sum()
        name = f"{metric} {'↑' if direction == 'maximise' else '↓'}"
        frame[name] = [_cell(seeds.loc[row], int(missing[row])) for row in frame.index]
        means = seeds.mean(axis=1)[missing == 0]
        target = means.max() if direction == "maximise" else means.min()
        best += [(row, name) for row in means.index[means == target]]
    count, several = runs["seed"].nunique(), runs["problem"].nunique()
    frame.attrs["best"] = best
    frame.attrs["caption"] = (
        f"mean over {several} problem{'s' * (several != 1)} (standard deviation of it over "
        f"{count} seed{'s' * (count != 1)}); ↑ higher is better, ↓ lower is better"
    )
    return frame


def _cell(seeds: "pd.Series[float]", missing: int) -> str:
    spread = f" ({_number(seeds.std())})" if seeds.notna().sum() > 1 else ""
    text = f"{_number(seeds.mean())}{spread}" if seeds.notna().any() else SKIPPED
    return f"{text} [{missing} not scored]" if missing else text


def _number(value: float) -> str:
    """Four digits after the point; large values in thousands and millions."""
    for factor, suffix in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.2f}{suffix}"
    return f"{value:.4f}"
