"""Comparison of algorithms over problems and seeds: gains over a baseline, ranks and their test.

All functions except `scored` take a frame of scores with one row per run, so that pandas can
select the runs that are compared. `missing.py` has the rule for runs without a result.

    scores = scored(results, "expected-utility")
    mean_ranks(scores[scores["display_name"] != "mine"], direction="minimise")
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import f, friedmanchisquare, studentized_range, t

from ...registry import unknown_name
from .. import missing
from ..results import Results

COLUMNS = ["problem", "display_name", "seed", "value"]
DIGITS = 9  # smaller differences are ties, since they come from the order of summation


class RankTest(NamedTuple):
    """Friedman's test of ranks, with problems as blocks, and Nemenyi's critical difference.

    `statistic` is Friedman's chi-squared, corrected for ties. `p_value` belongs to Iman and
    Davenport's F, with k - 1 and (k - 1)(n - 1) degrees of freedom for k algorithms and n problems.
    Mean ranks that are closer than `critical_difference` do not differ significantly.
    """

    algorithms: int
    problems: int
    statistic: float
    p_value: float
    critical_difference: float


def scored(results: Results, metric: str, reference: str = "") -> pd.DataFrame:
    """Return the scores of one metric: columns `problem`, `display_name`, `seed` and `value`.

    Args:
        results: With scores. Runs without a score of this metric have the value NaN, except on
            problems where no run has one, which are left out.
        metric: One of the metrics in `results.scores`.
        reference: The reference point or front; by default the first one of each problem.
    """
    scores = results.scores_of(metric)
    if scores.empty:
        raise unknown_name("Metric", metric, results.metrics())
    if reference:
        scores = scores[scores["reference"] == reference]
    scores = scores.dropna(subset=["value"]).drop_duplicates("run_id")
    runs = results.runs[results.runs["problem"].isin(scores["problem"])]
    joined = runs[["run_id", *COLUMNS[:-1]]].merge(
        scores[["run_id", "value"]], on="run_id", how="left"
    )
    return pd.DataFrame(joined[COLUMNS])


def beats(
    scores: pd.DataFrame,
    baseline: str | Mapping[str, str],
    *,
    direction: str,
    level: float = 0.05,
) -> pd.DataFrame:
    """Compare algorithms with a baseline on each problem, over the seeds that both have.

    Scores are paired by seed, since all algorithms see the data of a seed in the same order. A
    gain is significant if a paired two-sided t-test over seeds rejects at `level`. So it is never
    significant with one seed, and always if it is the same for all seeds. The test covers the
    variation over seeds alone, and not the sampling of test examples. An algorithm that lacks a
    result on a problem is never better there.

    Args:
        scores: As returned by `scored`.
        baseline: A display name, or a display name by problem; other problems have no row.
        direction: `maximise` or `minimise`.
        level: Significance level of each test, without correction for their number.

    Returns:
        Columns `problem`, `display_name`, `gain` (mean over seeds, positive is better), `seeds`,
        `better` and `significant`. The baseline itself has rows with gain 0. Pairs without a
        common seed have no row.
    """
    named = scores["problem"].map(baseline) if isinstance(baseline, Mapping) else baseline
    bar = scores.loc[scores["display_name"] == named, ["problem", "seed", "value"]]
    pairs = scores.dropna().merge(bar.dropna(), on=["problem", "seed"], suffixes=("", "_bar"))
    pairs["gain"] = (pairs["value"] - pairs["value_bar"]) * (1 if direction == "maximise" else -1)
    grouped = pairs.groupby(["problem", "display_name"])["gain"]
    frame = grouped.agg(gain="mean", spread="std", seeds="count").round(DIGITS).reset_index()
    quantile = t.ppf(1 - level / 2, (frame["seeds"] - 1).clip(lower=1))
    margin = quantile * frame.pop("spread") / np.sqrt(frame["seeds"])
    complete = missing.coverage(scores).complete.to_dict()
    pairs_complete = [
        complete[problem][name]
        for problem, name in zip(frame["problem"], frame["display_name"], strict=True)
    ]
    frame["better"] = (frame["gain"] > 0) & np.array(pairs_complete, dtype=bool)
    frame["significant"] = frame["better"] & (
        frame["gain"] > margin
    )  # with one seed the margin is NaN, and the comparison False
    return frame


def best(scores: pd.DataFrame, *, direction: str) -> "pd.Series[str]":
    """Return, by problem, the display name with the best mean over seeds; ties take the first.

    Algorithms that lack a result on the problem are not considered. Problems on which all of them
    do have no row.
    """
    complete = missing.coverage(scores).complete
    means = _means(scores).where(complete).dropna(axis=1, how="all")
    return (means.idxmax() if direction == "maximise" else means.idxmin()).astype(str)


def ranks(scores: pd.DataFrame, *, direction: str) -> pd.DataFrame:
    """Return the rank of each algorithm (rows) on each problem (columns) by its mean over seeds.

    1 is the best, and ties share a rank. Algorithms that lack a result on a problem share the last
    ranks there. Problems on which all of them do are left out.
    """
    return missing.ranks(_means(scores), missing.coverage(scores).complete, direction=direction)


def mean_ranks(scores: pd.DataFrame, *, direction: str) -> pd.DataFrame:
    """Return mean ranks over problems, best first; algorithms that lack results are below.

    Returns:
        One row per algorithm: `rank`, the mean; `problems`, the number of problems on which it has
        all results; `seed_spread`, the standard deviation over seeds of the mean rank within one
        seed.
    """
    found = ranks(scores, direction=direction)
    coverage = missing.coverage(scores)
    seeds = scores.groupby("seed")[COLUMNS].apply(lambda own: ranks(own, direction=direction))
    frame = pd.DataFrame(
        {
            "rank": found.mean(axis=1),
            "problems": coverage.complete.sum(axis=1),
            "seed_spread": seeds.mean(axis=1).groupby("display_name").std(),
        }
    )
    partial = ~coverage.whole.reindex(frame.index)
    return frame.assign(partial=partial).sort_values(["partial", "rank"], kind="stable")[
        list(frame.columns)
    ]


def rank_test(found: pd.DataFrame, *, level: float = 0.05) -> RankTest | None:
    """Return Friedman's test and Nemenyi's critical difference for the result of `ranks`.

    Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html. Only algorithms with a rank on every
    problem are included; `ranks` gives last ranks to those that lack results. Problems that share
    tasks or experts are not independent blocks.

    Returns:
        None with fewer than three algorithms or two problems, for which the test is not defined.
    """
    whole = found.dropna()
    k, n = whole.shape
    if k < 3 or n < 2:
        return None
    statistic = np.float64(friedmanchisquare(*whole.to_numpy()).statistic)
    with np.errstate(divide="ignore"):  # the ratio is infinite if all problems agree
        ratio = (n - 1) * statistic / (n * (k - 1) - statistic)
    quantile = studentized_range.ppf(1 - level, k, np.inf) / np.sqrt(2)
    return RankTest(
        algorithms=k,
        problems=n,
        statistic=float(statistic),
        p_value=float(f.sf(ratio, k - 1, (k - 1) * (n - 1))),
        critical_difference=float(quantile * np.sqrt(k * (k + 1) / (6 * n))),
    )


def over_problems(scores: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Return means over groups of problems, with their spread over seeds.

    Args:
        scores: As returned by `scored`, or any frame with its columns.
        groups: Name of the group by problem. A seed counts for a group only if the algorithm has
            a score on all of the group's problems.

    Returns:
        Rows `(group, display_name)` with `mean`, its standard deviation `spread`, `seeds`, and
        `complete`, which is False if a result is missing. Only complete rows can be the best.
    """
    sizes = pd.Series(groups).value_counts()
    keys = ["group", "display_name"]
    rows = scores.assign(group=scores["problem"].map(groups))
    whole = {group: missing.coverage(own).whole for group, own in rows.groupby("group")}
    grouped = rows.groupby([*keys, "seed"])["value"]
    seeds = grouped.agg(["mean", "count"]).reset_index()
    seeds = seeds[seeds["count"] == seeds["group"].map(sizes)]
    found = seeds.groupby(keys)["mean"].agg(["mean", "std", "count"])
    found["complete"] = [bool(whole[group][name]) for group, name in found.index]
    return found.rename(columns={"std": "spread", "count": "seeds"})


def _means(scores: pd.DataFrame) -> pd.DataFrame:
    means = scores.pivot_table(index="display_name", columns="problem", values="value")
    return means.reindex(scores["display_name"].drop_duplicates().sort_values()).round(DIGITS)
