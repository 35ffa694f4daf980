"""The rule for runs without a result, by which every table, rank, mean and figure goes.

On each problem, an algorithm needs a result for every seed for which any algorithm has one, and for
its own runs. A run has no result if it is absent, failed, was skipped, or has no score of the
metric. An algorithm that lacks a result is shown with what it has and a count, and is never marked
as the best. On the problem where it lacks one, it ranks after all complete algorithms; several of
them share the last ranks. So a missing result never flatters its own algorithm, and failures cost
no other one anything.

A problem on which no run has a score, such as IGD+ without a reference front, is left out.
"""

from typing import Final, NamedTuple

import pandas as pd

RULE: Final = (
    "an algorithm that lacks a run (absent, failed, skipped or not scored) is never the best "
    "and ranks last on that problem"
)
"""The rule in the words of captions."""

_FEW: Final = 3
"""Most problems that a caption names for one reason."""


class Coverage(NamedTuple):
    """How many results algorithms have, and how many they need.

    Both have a row per algorithm and a column per problem on which any run has a score.
    """

    counts: pd.DataFrame
    needed: pd.DataFrame

    @property
    def complete(self) -> pd.DataFrame:
        """Whether an algorithm (rows) has all results of a problem (columns)."""
        return self.counts == self.needed

    @property
    def whole(self) -> "pd.Series[bool]":
        """Whether an algorithm has all results of all problems; False if there are no problems."""
        return self.complete.all(axis=1) & (self.needed.shape[1] > 0)


def coverage(rows: pd.DataFrame) -> Coverage:
    """Count results.

    Args:
        rows: One row per run, with `problem`, `display_name`, `seed` and `value`, which is NaN if
            the run has no score. Absent runs have no row.
    """
    scored = rows[rows["value"].notna()]
    seeds = scored[["problem", "seed"]].drop_duplicates()
    problems = pd.Index(seeds["problem"].unique(), name="problem")
    names = pd.Index(rows["display_name"].unique(), name="display_name")

    def count(found: pd.DataFrame) -> pd.DataFrame:
        sizes = found.groupby(["display_name", "problem"]).size().unstack("problem")
        return sizes.reindex(index=names, columns=problems).fillna(0).astype(int)

    known = rows.merge(seeds, how="left", indicator="where")
    own = known[(known["where"] == "left_only") & known["problem"].isin(problems)]
    needed = count(own) + seeds["problem"].value_counts().reindex(problems)
    return Coverage(counts=count(scored), needed=needed)


def ranks(centres: pd.DataFrame, complete: pd.DataFrame, *, direction: str) -> pd.DataFrame:
    """Return the rank of each algorithm (rows) on each problem (columns); 1 is best, ties share.

    Args:
        centres: The value of each algorithm on each problem, over seeds.
        complete: As in `Coverage`. Others have the last ranks, and share them. Problems on which
            no algorithm is complete are left out.
        direction: `maximise` or `minimise`.
    """
    mask = complete.reindex(index=centres.index, columns=centres.columns, fill_value=False)
    kept = centres.where(mask).dropna(axis=1, how="all")
    return kept.rank(ascending=direction == "minimise", na_option="bottom")


def skipped(runs: pd.DataFrame) -> str:
    """Return which runs were skipped and why, for captions; empty if none were.

    Args:
        runs: Rows of `results.runs`.
    """
    rows = runs[runs["status"] == "skipped"].fillna({"reason": "no reason"})
    texts = []
    for reason, own in rows.groupby("reason", sort=False):
        names = ", ".join(own["display_name"].unique())
        problems = list(own["problem"].unique())
        where = ", ".join(problems) if len(problems) <= _FEW else f"{len(problems)} problems"
        texts.append(f"{names} on {where} ({str(reason).rstrip('.')})")
    return f"skipped: {'; '.join(texts)}" if texts else ""
