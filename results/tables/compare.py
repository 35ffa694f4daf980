"""Comparing algorithms over problems and seeds: who beats a baseline, ranks, and their test.

Everything but `scored` works on frames of scores, a row a run, so that what is compared with what
is chosen with pandas beforehand:

    scores = scored(results, "expected-utility")
    mean_ranks(scores[scores["display_name"] != "mine"], direction="minimise")
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import f, friedmanchisquare, studentized_range, t

from ...registry import unknown_name
from ..results import Results

COLUMNS = ["problem", "display_name", "seed", "value"]
DIGITS = 9  # values that differ by less are ties: sums in another order


class RankTest(NamedTuple):
    """Friedman's test of ranks, a block a problem, and Nemenyi's critical difference.

    `statistic` is Friedman's chi-squared, corrected for ties; `p_value` is of Iman and Davenport's
    F, with k - 1 and (k - 1)(n - 1) degrees of freedom. Mean ranks closer than
    `critical_difference` cannot be told apart at the level asked for.
    """

    algorithms: int
    problems: int
    statistic: float
    p_value: float
    critical_difference: float


def scored(results: Results, metric: str, reference: str = "") -> pd.DataFrame:
    """The runs' scores by one metric: columns `problem`, `display_name`, `seed` and `value`.

    Args:
        results: With scores. Runs without a score of this metric have no row.
        metric: One of those in `results.scores`.
        reference: Which reference point or front; by default the first of each problem.
    """
    scores = results.scores_of(metric)
    if scores.empty:
        raise unknown_name("Metric", metric, results.metrics())
    if reference:
        scores = scores[scores["reference"] == reference]
    return scores.drop_duplicates("run_id")[COLUMNS].dropna().reset_index(drop=True)


def beats(
    scores: pd.DataFrame,
    baseline: str | Mapping[str, str],
    *,
    direction: str,
    level: float = 0.05,
) -> pd.DataFrame:
    """Who is better than a baseline, problem by problem, over the seeds that both have.

    Seeds are pairs: all algorithms of a seed see the data in the same order. A gain is significant
    if the paired two-sided t-test over seeds rejects at `level`, so never with one seed, and
    always if no seed changes it. It speaks of seeds alone, not of how the test examples were drawn.

    Args:
        scores: Of `scored`.
        baseline: A display name, or one for each problem; other problems have no row.
        direction: `maximise` or `minimise`.
        level: Of each test, uncorrected for how many there are.

    Returns:
        Columns `problem`, `display_name`, `gain` (mean, positive is better), `seeds`, `better` and
        `significant`; the baseline itself is among the rows, with no gain.
    """
    named = scores["problem"].map(baseline) if isinstance(baseline, Mapping) else baseline
    bar = scores.loc[scores["display_name"] == named, ["problem", "seed", "value"]]
    pairs = scores.merge(bar, on=["problem", "seed"], suffixes=("", "_bar"))
    pairs["gain"] = (pairs["value"] - pairs["value_bar"]) * (1 if direction == "maximise" else -1)
    grouped = pairs.groupby(["problem", "display_name"])["gain"]
    frame = grouped.agg(gain="mean", spread="std", seeds="count").round(DIGITS).reset_index()
    quantile = t.ppf(1 - level / 2, (frame["seeds"] - 1).clip(lower=1))
    margin = quantile * frame.pop("spread") / np.sqrt(frame["seeds"])
    frame["better"] = frame["gain"] > 0
    frame["significant"] = frame["better"] & (frame["gain"] > margin)  # no spread of one seed: no
    return frame


def best(scores: pd.DataFrame, *, direction: str) -> "pd.Series[str]":
    """The display name of the best mean over seeds of each problem, the first of equal ones."""
    means = _means(scores)
    return (means.idxmax() if direction == "maximise" else means.idxmin()).astype(str)


def ranks(scores: pd.DataFrame, *, direction: str) -> pd.DataFrame:
    """Rank of each algorithm (rows) on each problem (columns) by its mean over seeds.

    1 is the best, ties share; an algorithm without a score on a problem has no rank there.
    """
    return _means(scores).rank(ascending=direction == "minimise")


def mean_ranks(scores: pd.DataFrame, *, direction: str) -> pd.DataFrame:
    """Mean over problems of the ranks, the best first.

    Returns:
        A row an algorithm: `rank`, the mean; `problems`, over how many; `seed_spread`, the standard
        deviation over seeds of the mean rank that each seed alone gives.
    """
    found = ranks(scores, direction=direction)
    seeds = scores.groupby("seed")[COLUMNS].apply(lambda own: ranks(own, direction=direction))
    frame = pd.DataFrame(
        {
            "rank": found.mean(axis=1),
            "problems": found.notna().sum(axis=1),
            "seed_spread": seeds.mean(axis=1).groupby("display_name").std(),
        }
    )
    return frame.sort_values(["rank", "problems"], ascending=[True, False], kind="stable")


def rank_test(found: pd.DataFrame, *, level: float = 0.05) -> RankTest | None:
    """Friedman's test and Nemenyi's critical difference of the ranks that `ranks` gives.

    Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html. Only algorithms with a rank on every
    problem take part. Problems that share tasks or experts are not independent blocks.

    Returns:
        None with fewer than three algorithms or two problems, where there is no such test.
    """
    whole = found.dropna()
    k, n = whole.shape
    if k < 3 or n < 2:
        return None
    statistic = np.float64(friedmanchisquare(*whole.to_numpy()).statistic)
    with np.errstate(divide="ignore"):  # all problems agree
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
    """Means over groups of problems, each with its spread over seeds.

    Args:
        scores: Of `scored`, or any frame of its columns.
        groups: Problem to the name of its group. A seed counts for a group if the algorithm has a
            score on all of the group's problems.

    Returns:
        Rows `(group, display_name)`; `mean`, its standard deviation `spread`, and `seeds`.
    """
    sizes = pd.Series(groups).value_counts()
    keys = ["group", "display_name"]
    grouped = scores.assign(group=scores["problem"].map(groups)).groupby([*keys, "seed"])["value"]
    seeds = grouped.agg(["mean", "count"]).reset_index()
    seeds = seeds[seeds["count"] == seeds["group"].map(sizes)]
    found = seeds.groupby(keys)["mean"].agg(["mean", "std", "count"])
    return found.rename(columns={"std": "spread", "count": "seeds"})


def _means(scores: pd.DataFrame) -> pd.DataFrame:
    means = scores.pivot_table(index="display_name", columns="problem", values="value")
    return means.round(DIGITS)
