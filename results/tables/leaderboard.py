"""The table of places: a row per algorithm, best first, with intervals and ties."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from ..missing import RULE, skipped
from ..results import Results
from ..statistics.comparison import scored
from ..statistics.ranking import ENOUGH_PROBLEMS, Ranking, ranking
from .notes import (
    DIRECTIONS,
    WORSE_CAPTION,
    conditions,
    gains,
    is_worse,
    unranked,
    unranked_caption,
)
from .table import SKIPPED, pick

SHOWN: Final = 20
"""Algorithms that are shown, if not given: they fit a screen."""
FEW_PROBLEMS: Final = 3
"""Most problems with a column of their own; with more, each family has one."""
TIED: Final = "="
RANK: Final = "rank"
SYSTEM: Final = "system: several models or passes serve a preference, so it has no rank"
Labels = Mapping[str, Mapping[str, str]]
"""Labels of algorithms by name."""


def leaderboard(
    results: Results,
    metric: str,
    *,
    direction: str,
    labels: Labels,
    reference: str | None = None,
    top: int | None = SHOWN,
    also: Sequence[str] = (),
    number: str = ".3f",
) -> pd.DataFrame:
    """Return the places of the algorithms by one metric, as texts.

    Systems, which serve a preference by several models, are below the models and have no place. A
    rank such as `2-5` is an interval, and `=` marks those that the data cannot separate from the
    first; see `statistics.ranking`.

    Args:
        results: With scores.
        metric: Ranks the algorithms.
        direction: `maximise` or `minimise`.
        labels: Used for the columns on what an algorithm saw; unknown algorithms have none.
        reference: The reference point or front; by default the first of each problem.
        top: Number of models that are shown; None for all.
        also: Other metrics, whose means over problems are shown beside.
        number: Format of a number.

    Returns:
        A frame of texts for `render`, which has a row per algorithm. `attrs["worse"]` lists the
        rows that are worse than the pretrained model on average, and `attrs["sentence"]` says in
        words what the table shows.
    """
    systems = system_names(results, labels)
    runs = results.runs
    of_models = ~runs["display_name"].isin(systems)
    if not of_models.any():
        of_models = runs["display_name"].notna()
        systems = frozenset()
    empty = unranked(results, pick(results.scores_of(metric), reference))
    models = _only(results, runs.loc[of_models & ~runs["problem"].isin(empty), "run_id"])
    found = ranking(models, metric, direction=direction, reference=reference or "")
    rows = scored(results, metric, reference or "")
    means = rows.pivot_table(index="display_name", columns="problem", values="value")
    order = [*found.frame.index[:top], *_ordered(means, systems, direction)]
    columns: dict[str, list[str]] = {RANK: [_place(found, name) for name in order]}
    columns[metric] = [_value(found, means, name, number) for name in order]
    columns |= _groups(results, means.reindex(order), number)
    for other in also:
        columns[other] = _means(results, other, order, number)
    columns |= _saw(results, labels, order)
    frame = pd.DataFrame(columns, index=pd.Index(order, name="algorithm"))
    worse = is_worse(gains(results).mean(axis=1).to_frame())[0]
    frame.attrs["worse"] = [(name, "algorithm") for name in order if worse.get(name, False)]
    frame.attrs["best"] = [(n, RANK) for n in found.frame.index[:1]]
    frame.attrs["sentence"] = sentence(found, metric)
    hidden = len(found.frame) - sum(name in found.frame.index for name in order)
    scores = pick(results.scores_of(metric), reference)
    notes = [
        *_resampling(found),
        *conditions(runs, scores),
        RULE if found.frame["value"].isna().any() else "",
        skipped(runs),
        unranked_caption(empty),
        f"{_count(hidden, 'algorithm')} not shown" if hidden else "",
        SYSTEM if systems & set(order) else "",
        WORSE_CAPTION if frame.attrs["worse"] else "",
    ]
    first = f"{metric} {DIRECTIONS[direction]}; mean over {_count(found.problems, 'problem')}"
    frame.attrs["caption"] = "; ".join([first, *(note for note in notes if note)])
    return frame


def system_names(results: Results, labels: Labels) -> frozenset[str]:
    """Return the display names of algorithms that are systems: as measured, else as labelled."""
    runs = results.runs[results.runs["status"] == "done"]
    measured = runs["delivery"].fillna("")
    labelled = runs["algorithm"].map(lambda name: labels.get(name, {}).get("delivery", ""))
    several = runs["inference_passes"].fillna(1.0) > 1
    is_system = (measured == "system") | ((measured == "") & ((labelled == "system") | several))
    return frozenset(runs.loc[is_system, "display_name"])


def sentence(found: Ranking, metric: str) -> str:
    """Say in words what a ranking shows."""
    names = list(found.frame.index)
    first, count = names[0], len(names)
    if count == 1:
        return f"{first} is the only algorithm."
    if not found.levels:
        return (
            f"{first} has the best mean rank by {metric} of {count} algorithms, but these results "
            "cannot say whether others are tied with it."
        )
    tied = [name for name in names[1:] if found.frame.at[name, "tied"]]
    where = f"{found.problems} problem{'' if found.problems == 1 else 's'}"
    if not tied:
        return f"{first} is the best of {count} algorithms by {metric} on {where}, beyond chance."
    shown = ", ".join(tied[:3]) + (f" and {len(tied) - 3} more" if len(tied) > 3 else "")
    return (
        f"{first} is the first of {count} algorithms by {metric} on {where}; {shown} "
        f"{'is' if len(tied) == 1 else 'are'} tied with it."
    )


def _only(results: Results, run_ids: "pd.Series[str]") -> Results:
    import pyarrow as pa

    if len(run_ids) == len(results.runs):
        return results
    return results.only(pa.chunked_array([pa.array(run_ids, pa.string())]))


def _ordered(means: pd.DataFrame, names: frozenset[str], direction: str) -> list[str]:
    own = means[means.index.isin(names)].mean(axis=1)
    return list(own.sort_values(ascending=direction == "minimise", kind="stable").index)


def _place(found: Ranking, name: str) -> str:
    if name not in found.frame.index:
        return "system"
    row = found.frame.loc[name]
    if not found.levels:
        return f"{row['rank']:.0f}"
    low, high = f"{row['rank_low']:.0f}", f"{row['rank_high']:.0f}"
    return (low if low == high else f"{low}-{high}") + f" {TIED if row['tied'] else ' '}"


def _value(found: Ranking, means: pd.DataFrame, name: str, number: str) -> str:
    """Return a mean with its interval; without one for systems, and if a result is missing."""
    row = found.frame.loc[name] if name in found.frame.index else None
    if row is None or np.isnan(row["value"]):
        text = _number(means.T[name].mean(), number) if name in means.index else SKIPPED
        return text if row is None else f"{text} (incomplete)"
    text = format(row["value"], number)
    if not found.levels:
        return text
    return f"{text} [{format(row['low'], number)}, {format(row['high'], number)}]"


def _groups(results: Results, means: pd.DataFrame, number: str) -> dict[str, list[str]]:
    """Return a column per problem if they are few, else one per family of problems."""
    if len(means.columns) == 1:
        return {}
    if len(means.columns) <= FEW_PROBLEMS:
        return {str(p): [_number(x, number) for x in means[p]] for p in means.columns}
    labels = results.problems.drop_duplicates("problem").set_index("problem")["labels"]
    family = [json.loads(labels.get(p, "{}")).get("family", "other") for p in means.columns]
    if len(set(family)) == 1:
        return {}
    grouped = means.T.groupby(np.array(family), sort=False).mean().T
    return {str(f): [_number(x, number) for x in grouped[f]] for f in grouped.columns}


def _number(value: float, number: str) -> str:
    return SKIPPED if np.isnan(value) else format(value, number)


def _means(results: Results, metric: str, order: Sequence[str], number: str) -> list[str]:
    rows = scored(results, metric)
    found = rows.groupby(["display_name", "problem"])["value"].mean()
    by_name = found.groupby("display_name").mean()
    return [_number(by_name.get(name, np.nan), number) for name in order]


def _saw(results: Results, labels: Labels, order: Sequence[str]) -> dict[str, list[str]]:
    """Return the column of what data an algorithm saw: of its label, and test inputs if any."""
    names = results.runs.drop_duplicates("display_name").set_index("display_name")["algorithm"]
    texts = []
    for name in order:
        own = labels.get(names[name], {})
        inputs = " + test inputs" if own.get("track") == "transductive" else ""
        texts.append(own.get("data", "unknown") + inputs)
    return {"data": texts}


def _resampling(found: Ranking) -> list[str]:
    if not found.levels:
        return [
            "no intervals: they need the outcomes of test examples, or at least "
            f"{ENOUGH_PROBLEMS} problems"
        ]
    kinds = " and ".join(found.levels)
    notes = [f"{found.level:.0%} intervals and ties (=, all together) over other {kinds}"]
    if "problems" not in found.levels:
        notes.append(f"about these problems only, since they are fewer than {ENOUGH_PROBLEMS}")
    return notes


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
