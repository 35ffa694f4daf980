"""Which algorithms a figure shows in colour; all others are grey."""

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd

from ...registry import unknown_name
from ..results import Results
from .options import Options
from .systems import systems_of
from .values import utilities

FEW: Final = 7
"""Most algorithms that are highlighted by default."""
BASELINE: Final = "rewarded-soup"
"""Always highlighted if there are results of it: the line between the experts."""


def names_of(results: Results) -> list[str]:
    """Return all display names, in the order of every figure."""
    ordered = results.runs.sort_values(["algorithm", "parameters"], kind="stable")
    return list(ordered["display_name"].unique())


def picked(runs: pd.DataFrame, algorithms: Sequence[str]) -> list[str]:
    """Return the display names of algorithms that are given by name or display name.

    Raises:
        UnknownNameError: If no run has one of the names.
    """
    shown = runs.sort_values(["algorithm", "parameters"], kind="stable")
    shown = shown.drop_duplicates("display_name")
    found: dict[str, None] = {}
    for name in algorithms:
        match = shown[(shown["display_name"] == name) | (shown["algorithm"] == name)]
        if match.empty:
            raise unknown_name("Algorithm", name, list(shown["display_name"]))
        found |= dict.fromkeys(match["display_name"])
    return list(found)


def highlighted(
    results: Results, options: Options, among: Collection[str] | None = None
) -> list[str]:
    """Return the display names of the highlighted algorithms.

    By default, these are all if they are few, otherwise the best by expected utility, averaged
    over problems, and `BASELINE`. Systems, and algorithms that lack a result, are only among them
    if there are not enough others.

    Args:
        results: With fronts.
        options: With the choice of the user, if any.
        among: The algorithms that a figure can show, by display name; by default all.
    """
    if options.highlight is not None:
        return picked(results.runs, options.highlight)
    names = [name for name in names_of(results) if among is None or name in among]
    if len(names) <= FEW:
        return names
    runs = results.runs[["display_name", "algorithm", "problem", "seed"]].assign(
        value=results.runs["run_id"].map(utilities(results))
    )
    runs = runs[runs["display_name"].isin(names)]
    problems = runs.groupby(["display_name", "problem"])["value"].mean().unstack()
    # Results of fewer problems may be better because those are easier.
    counts = runs.dropna(subset=["value"]).groupby("display_name").size().reindex(problems.index)
    order = pd.DataFrame({"counts": -counts.fillna(0), "mean": problems.mean(axis=1)})
    order.insert(0, "system", order.index.isin(list(systems_of(results, options))))
    soup = list(runs.loc[runs["algorithm"] == BASELINE, "display_name"].unique())[:1]
    ranked = order.sort_values(["system", "counts", "mean"], kind="stable").index
    best = [str(name) for name in ranked if name not in soup]
    return [*best[: FEW - len(soup)], *soup]
