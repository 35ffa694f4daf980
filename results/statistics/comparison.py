"""Comparison of algorithms over problems and seeds: gains over a baseline, ranks and their tests.

Most functions take the frame of `scored`, with one row per run, so that pandas can select the runs
that are compared. `missing.py` has the rule for runs without a result.

    scores = scored(results, "expected-utility")
    mean_ranks(scores[scores["display_name"] != "mine"], direction="minimise")

A gain can be tested against two kinds of chance. `problem_test` asks whether it holds on problems
in general: problems are the units, and seeds are averaged first. `example_test` asks whether it
holds on one problem with other test examples and seeds. No test is over seeds alone: more seeds
would make the smallest difference significant. Correct all p-values that you report with `holm`.
"""

from collections.abc import Mapping
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import f, friedmanchisquare, studentized_range, t

from ...registry import unknown_name
from .. import missing
from ..results import Results

COLUMNS = ["problem", "display_name", "seed", "value"]
DIGITS = 9  # smaller differences are ties, since they come from the order of summation
EXACT: Final = 12
"""Most problems for which `problem_test` takes all flips."""
RANDOM_FLIPS: Final = 99_999


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
    scores: pd.DataFrame, baseline: str | Mapping[str, str], *, direction: str
) -> pd.DataFrame:
    """Compare algorithms with a baseline on each problem, over the seeds that both have.

    Scores are paired by seed, since all algorithms see the data of a seed in the same order. An
    algorithm that lacks a result on a problem is never better there. `low` and `high` describe the
    seeds that were run and test nothing.

    Args:
        scores: As returned by `scored`.
        baseline: A display name, or a display name by problem; other problems have no row.
        direction: `maximise` or `minimise`.

    Returns:
        Columns `problem`, `display_name`, `baseline`, `gain` (mean over seeds, positive is better),
        `spread` (its standard deviation over seeds), `low` and `high` (least and largest gain of a
        seed), `seeds` and `better`. The baseline itself has rows with gain 0. Pairs without a
        common seed have no row.
    """
    named = scores["problem"].map(baseline) if isinstance(baseline, Mapping) else baseline
    bar = scores.loc[scores["display_name"] == named, COLUMNS].dropna()
    bar = bar.rename(columns={"display_name": "baseline"})
    pairs = scores.dropna().merge(bar, on=["problem", "seed"], suffixes=("", "_bar"))
    pairs["gain"] = (pairs["value"] - pairs["value_bar"]) * (1 if direction == "maximise" else -1)
    grouped = pairs.groupby(["problem", "display_name", "baseline"])["gain"]
    found = grouped.agg(gain="mean", spread="std", low="min", high="max", seeds="count")
    frame = pd.DataFrame(found).round(DIGITS).reset_index()
    complete = missing.coverage(scores).complete.to_dict()
    pairs_complete = [
        complete[problem][name]
        for problem, name in zip(frame["problem"], frame["display_name"], strict=True)
    ]
    frame["better"] = (frame["gain"] > 0) & np.array(pairs_complete, dtype=bool)
    return frame


def problem_test(gains: pd.DataFrame, *, level: float = 0.05) -> pd.DataFrame:
    """Test mean gains with problems as the units: the exact sign-flip test and its interval.

    Under the null hypothesis, the gain on an unseen problem is as likely positive as negative. The
    interval has all values that the test does not reject at `level` (Hartigan 1969, "Using
    subsample values as typical values"), so it excludes 0 exactly if the p-value is at most
    `level`. With six problems it reaches from the least gain to the largest. Problems that share
    tasks or experts are not independent, and then both are too sure.

    With n problems no p-value is below 2 / 2^n: 1/32 for six. With more than
    `EXACT` problems, p-values and intervals come from random flips, always the same ones.

    Args:
        gains: Mean gains over seeds, algorithms as rows, problems as columns; see `beats`.
        level: One minus the confidence of the interval.

    Returns:
        A row per algorithm with `gain`, `low`, `high`, `p_value` (two-sided, not corrected). The
        interval is infinite with so few problems that no p-value reaches `level`. Algorithms
        that lack a gain on a problem are left out.
    """
    whole = gains.dropna()
    chosen = _subsets(whole.shape[1])
    means = np.sort((whole.to_numpy() @ (chosen / chosen.sum(axis=0))).round(DIGITS), axis=1)
    flips = chosen.shape[1] + 1  # the empty subset flips nothing
    beyond = np.minimum((means <= 0).sum(axis=1), (means >= 0).sum(axis=1))
    place = int(level / 2 * flips)
    infinite = np.full(len(whole), np.inf)
    return pd.DataFrame(
        {
            "gain": whole.mean(axis=1),
            "low": means[:, place - 1] if place else -infinite,
            "high": means[:, -place] if place else infinite,
            "p_value": np.minimum(2 * (1 + beyond) / flips, 1.0),
        },
        index=whole.index,
    )


def _subsets(n: int) -> NDArray[np.float64]:
    """Return non-empty subsets of n problems as columns of zeros and ones."""
    if n <= EXACT:
        return np.array(list(product((0.0, 1.0), repeat=n))[1:]).reshape(-1, n).T
    draws = np.random.default_rng(0).integers(0, 2, (n, RANDOM_FLIPS)).astype(float)
    return draws[:, draws.any(axis=0)]


def example_errors(results: Results) -> "pd.Series[float]":
    """Return standard errors of expected utility that come from the sample of test examples.

    They are binomial, since results have accuracies and the number of examples but no outcomes of
    examples. The errors at different preferences are added as if they always had the same sign,
    which is an upper bound. Experts and pretrained model, which scale the objectives, count as
    known.

    Returns:
        The mean over seeds, by `problem` and `display_name`. NaN if a task is not measured by an
        accuracy.
    """
    anchors = results.problems.pivot_table(
        index=["problem", "task"], columns="model", values="value"
    )
    expert = np.array([anchors.at[key, key[1]] for key in anchors.index], dtype=float)
    scale = (expert - anchors["pretrained"]).abs().rename("scale")
    rows = results.fronts.join(scale, on=["problem", "task"])
    place = rows.groupby(["run_id", "point"], sort=False).cumcount()
    weight = np.array([p[i] for p, i in zip(rows["preference"], place, strict=True)])
    value = rows["value"].where(rows["value"].between(0, 1))
    rows["error"] = weight * np.sqrt(value * (1 - value) / rows["n"]) / rows["scale"]
    rows["share"] = (weight * rows["objective"]).round(DIGITS)
    # of tied terms, such as both of an expert at its corner, the less certain one counts
    worst = rows.sort_values(["share", "error"]).drop_duplicates(["run_id", "point"], keep="last")
    keys = ["problem", "display_name"]
    runs = worst.groupby([*keys, "run_id"])["error"].agg(lambda own: own.mean(skipna=False))
    return runs.groupby(keys).mean()


def example_test(gains: pd.DataFrame, errors: "pd.Series[float]") -> pd.DataFrame:
    """Test the gains on each problem against other test examples and seeds.

    The variance of a gain is the sum of both algorithms' squared errors and, for the seeds, the
    squared standard error of the mean. Algorithms are measured on the same examples, which makes
    true errors smaller if they tend to fail on the same ones. The test is Student's, with
    Satterthwaite's degrees of freedom, because few seeds say little about their spread. With one
    seed there is no test.

    Args:
        gains: As returned by `beats`.
        errors: As returned by `example_errors`.

    Returns:
        The gains with `margin`, half of the 95 % interval, and `p_value` (two-sided, not
        corrected). The baseline itself has the p-value 1.
    """
    own, bar = (
        errors.reindex(pd.MultiIndex.from_frame(gains[["problem", name]])).to_numpy()
        for name in ("display_name", "baseline")
    )
    seeds = (gains["spread"] ** 2 / gains["seeds"]).to_numpy()
    variance = own**2 + bar**2 + seeds
    with np.errstate(divide="ignore"):  # infinite if seeds do not differ
        freedom = variance**2 / (seeds**2 / (gains["seeds"].to_numpy() - 1))
    error = np.sqrt(variance)
    itself = gains["display_name"] == gains["baseline"]
    p_value = 2 * t.sf(gains["gain"].abs() / error, freedom)
    return gains.assign(
        margin=np.where(itself, 0.0, t.ppf(0.975, freedom) * error),
        p_value=np.where(itself, 1.0, p_value),
    )


def holm(p_values: "pd.Series[float]") -> "pd.Series[float]":
    """Return p-values corrected for their number by Holm's step-down method.

    If all with a corrected p-value of at most 5 % are called significant, the chance of any wrong
    one is at most 5 %, whatever their dependence. Missing p-values count as tests, too, and remain
    missing.
    """
    order = p_values.fillna(1).sort_values(kind="stable")
    raised = order * np.arange(len(order), 0, -1)
    return raised.cummax().clip(upper=1).reindex(p_values.index).where(p_values.notna())


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
