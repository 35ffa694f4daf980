"""The robustness card: whether the first algorithm stays first if a choice is made otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import pandas as pd

from ..missing import coverage, ranks
from ..results import Results
from .comparison import scored


@final
@dataclass(frozen=True, kw_only=True)
class Check:
    """Who is first under another choice.

    Attributes:
        choice: What was chosen otherwise, which completes `first`: `by hypervolume`.
        first: Display names of the first; several if they share the best mean rank.
    """

    choice: str
    first: tuple[str, ...]


def card(
    results: Results,
    metric: str,
    *,
    directions: Mapping[str, str],
    families: Mapping[str, str],
    reference: str = "",
) -> list[Check]:
    """Return who is first by mean rank: by the metric itself, and under other choices.

    Args:
        results: Of the algorithms that are ranked.
        metric: The metric that ranks.
        directions: `maximise` or `minimise` of this metric and of others that are tried, in order.
            Those without scores are left out.
        families: Family of each problem; with several, each is left out once.
        reference: Of the metric that ranks.

    Returns:
        The first check is the metric itself.
    """
    own = scored(results, metric, reference)
    direction = directions[metric]
    checks = [Check(choice=f"by {metric}", first=_first(own, direction))]
    for other in directions:
        if other != metric and not results.scores_of(other).empty:
            rows = scored(results, other)
            checks.append(Check(choice=f"by {other}", first=_first(rows, directions[other])))
    for family in sorted(set(families.values())) if len(set(families.values())) > 1 else []:
        rows = own[own["problem"].map(families) != family]
        checks.append(Check(choice=f"without {family}", first=_first(rows, direction)))
    return checks


def words(checks: list[Check]) -> list[str]:
    """Say in two sentences under which choices the first stays first, and who else would be."""
    itself, *others = checks
    if not others:
        return []
    name = itself.first[0]
    stays = [check.choice for check in others if name in check.first]
    changes = [check for check in others if name not in check.first]
    lines = [f"{name} is also first {listed(stays)}."] if stays else []
    if changes:
        who = [f"{check.choice} ({', '.join(check.first[:2])})" for check in changes]
        lines.append(f"{name} is not first {listed(who)}.")
    return lines


def _first(rows: pd.DataFrame, direction: str) -> tuple[str, ...]:
    complete = coverage(rows).complete
    means = rows.pivot_table(index="display_name", columns="problem", values="value")
    means = means.reindex(index=complete.index, columns=complete.columns)
    found = ranks(means.round(9), complete, direction=direction).mean(axis=1)
    return tuple(map(str, found.index[found <= found.min() + 1e-9]))


def listed(texts: list[str]) -> str:
    """Return texts with commas and an `and` before the last.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
