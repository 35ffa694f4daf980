"""The table of places: a row per algorithm, best first, with intervals and ties."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from ...errors import ParameterError
from ..missing import RULE, coverage, skipped
from ..results import Results
from ..statistics.comparison import scored
from ..statistics.ranking import ranking
from .notes import (
    WORSE_CAPTION,
    conditions,
    gains,
    is_worse,
    unranked,
    unranked_caption,
)
from .places import INCOMPLETE, Versus, count, number_text, places, sentence
from .table import pick

SHOWN: Final = 20
"""Algorithms that are shown, if not given: they fit a screen."""
FEW_PROBLEMS: Final = 3
"""Most problems with a column of their own; with more, each family has one."""
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
    versus: Versus | None = None,
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
        versus: A baseline that all models are tested against, if any.
        number: Format of a number.

    Raises:
        ParameterError: If the metric cannot rank on any problem.

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
    scores = pick(results.scores_of(metric), reference)
    empty = unranked(results, scores)
    if set(runs["problem"]) <= set(empty):
        raise ParameterError(
            f"`{metric}` must be able to rank algorithms on a problem. Found none: "
            f"{unranked_caption(empty)}. Choose another metric, or a table with all values "
            "(`--layout grid`)."
        )
    models = _only(results, runs.loc[of_models & ~runs["problem"].isin(empty), "run_id"])
    found = ranking(models, metric, direction=direction, reference=reference or "")
    rows = scored(results, metric, reference or "")
    rows = rows[~rows["problem"].isin(empty)]
    means = rows.pivot_table(index="display_name", columns="problem", values="value")
    order = [*found.frame.index[:top], *_ordered(means, systems, direction)]
    frame = places(
        rows,
        found,
        direction=direction,
        metric=metric,
        order=order,
        versus=versus,
        number=number,
    )
    columns = _groups(results, means.reindex(order), number)
    columns |= {other: _means(results, other, order, number) for other in also}
    frame = frame.assign(**columns, **_saw(results, labels, order))
    worse = is_worse(gains(results).mean(axis=1).to_frame())[0]
    frame.attrs["worse"] = [(name, "algorithm") for name in order if worse.get(name, False)]
    frame.attrs["sentence"] = sentence(found, metric)
    hidden = len(found.frame) - sum(name in found.frame.index for name in order)
    notes = [
        frame.attrs["caption"],
        *conditions(runs, scores),
        RULE if found.frame["value"].isna().any() else "",
        skipped(runs),
        unranked_caption(empty),
        f"{count(hidden, 'algorithm')} not shown" if hidden else "",
        SYSTEM if systems & set(order) else "",
        WORSE_CAPTION if frame.attrs["worse"] else "",
    ]
    frame.attrs["caption"] = "; ".join(note for note in notes if note)
    return frame


def families(results: Results) -> dict[str, str]:
    """Return the family of each problem, as its labels say; `other` if they do not."""
    labels = results.problems.drop_duplicates("problem").set_index("problem")["labels"]
    return {str(p): json.loads(text).get("family", "other") for p, text in labels.items()}


def models_only(results: Results, labels: Labels) -> Results:
    """Return the results without systems, unless there is nothing else."""
    runs = results.runs
    of_models = ~runs["display_name"].isin(system_names(results, labels))
    return _only(results, runs.loc[of_models, "run_id"]) if of_models.any() else results


def system_names(results: Results, labels: Labels) -> frozenset[str]:
    """Return the display names of algorithms that are systems: as measured, else as labelled."""
    runs = results.runs[results.runs["status"] == "done"]
    measured = runs["delivery"].fillna("")
    labelled = runs["algorithm"].map(lambda name: labels.get(name, {}).get("delivery", ""))
    several = runs["inference_passes"].fillna(1.0) > 1
    is_system = (measured == "system") | ((measured == "") & ((labelled == "system") | several))
    return frozenset(runs.loc[is_system, "display_name"])


def _only(results: Results, run_ids: "pd.Series[str]") -> Results:
    import pyarrow as pa

    if len(run_ids) == len(results.runs):
        return results
    return results.only(pa.chunked_array([pa.array(run_ids, pa.string())]))


def _ordered(means: pd.DataFrame, names: frozenset[str], direction: str) -> list[str]:
    own = means[means.index.isin(names)].mean(axis=1)
    return list(own.sort_values(ascending=direction == "minimise", kind="stable").index)


def _groups(results: Results, means: pd.DataFrame, number: str) -> dict[str, list[str]]:
    """Return a column per problem if they are few, else one per family of problems."""
    if len(means.columns) == 1:
        return {}
    if len(means.columns) <= FEW_PROBLEMS:
        return {str(p): [number_text(x, number) for x in means[p]] for p in means.columns}
    known = families(results)
    family = [known.get(str(p), "other") for p in means.columns]
    if len(set(family)) == 1:
        return {}
    grouped = means.T.groupby(np.array(family), sort=False).mean(skipna=False).T
    return {str(f): [number_text(x, number) for x in grouped[f]] for f in grouped.columns}


def _means(results: Results, metric: str, order: Sequence[str], number: str) -> list[str]:
    rows = scored(results, metric)
    by_problem = rows.groupby(["display_name", "problem"])["value"].mean()
    means, whole = by_problem.groupby("display_name").mean(), coverage(rows).whole
    return [
        number_text(means.get(name, np.nan), number) + ("" if whole.get(name, True) else INCOMPLETE)
        for name in order
    ]


def _saw(results: Results, labels: Labels, order: Sequence[str]) -> dict[str, list[str]]:
    """Return the column of what data an algorithm saw: of its label, and test inputs if any."""
    names = results.runs.drop_duplicates("display_name").set_index("display_name")["algorithm"]
    texts = []
    for name in order:
        own = labels.get(names[name], {})
        inputs = " + test inputs" if own.get("track") == "transductive" else ""
        texts.append(own.get("data", "unknown") + inputs)
    return {"data": texts}
