"""Ranks with intervals, and which algorithms the data cannot separate from the first one.

Ranks are finer than the data: neighbours often change places with other problems or other test
examples. So every rank has an interval, and algorithms that are *tied with the first* are marked.

**Problems** are drawn with replacement, for results about problems in general. What noise of test
examples and seeds adds to the values of problems is in their spread already, so that resampling it
as well would count it twice (Davison and Hinkley 1997, "Bootstrap methods and their application",
section 3.8). With fewer than `ENOUGH_PROBLEMS`, results are about the given problems only, and
**test examples** are drawn instead, paired over algorithms, if the results have their outcomes
(`resampling`) and the metric is one of `RESAMPLED`. Seeds are averaged first.

Sources: reverse percentile intervals, expanded for few problems (Hesterberg 2015, "What teachers
should know about the bootstrap", section 4); ties by the largest difference of all pairs, which
keeps the chance of any wrong separation near 5 % (Romano and Wolf 2005, "Exact and approximate
stepdown methods for multiple hypothesis testing", single step).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata, t

from .. import missing
from ..results import Results
from .comparison import scored
from .resampling import DRAWS, has_outcomes, resampled

ENOUGH_PROBLEMS: Final = 6
"""Fewest problems that are resampled: with five, no difference could be significant at 5 %, since
the least p-value of a sign test is 1/16."""
RESAMPLED: Final = ("expected-utility", "gain-over-pretrained")
"""Metrics that are computed again for resampled test examples."""
_ROUNDING: Final = 1e-9

Array = NDArray[np.float64]
Resample = Callable[[pd.DataFrame], Array | None]
"""From `(A, P)` means over seeds to `(draws, P, A)` means with resampled examples, or None."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Algorithms from the first to the last, with what the data say about their places.

    Attributes:
        frame: A row per display name, best first. `value`: the mean over problems of the means over
            seeds, with its interval `low` and `high`; NaN if a result is missing. `mean_rank`: the
            mean over problems of the rank on each. `rank`: its place, with the interval
            `rank_low` and `rank_high`. `tied`: whether the data cannot separate it from the first.
        problems: Number of problems.
        over: What was resampled: `problems` or `test examples`. If empty, there are no intervals,
            and `tied` is None everywhere.
        plain: Number of problems whose test examples were not resampled although others' were:
            some outcomes are missing, or values are exact.
        level: Confidence of the intervals, and of all separations together.
    """

    frame: pd.DataFrame
    problems: int
    over: str
    plain: int
    level: float


def ranking(
    results: Results,
    metric: str,
    *,
    direction: str,
    reference: str = "",
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Ranking:
    """Rank algorithms by the mean over problems of their rank on each problem.

    Algorithms that lack a result on a problem share the last ranks there (`missing`).

    Args:
        results: With scores of the metric.
        metric: One of those in `results.metrics()`.
        direction: `maximise` or `minimise`.
        reference: Reference point or front; by default the first one of each problem.
        level: Confidence.
        draws: Number of resamples.
        seed: Of the resampling.
    """
    return ranking_of(
        scored(results, metric, reference),
        direction=direction,
        level=level,
        draws=draws,
        seed=seed,
        resample=partial(_values, results, metric, draws=draws, seed=seed),
    )


def ranking_of(
    rows: pd.DataFrame,
    *,
    direction: str,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    resample: Resample | None = None,
) -> Ranking:
    """Rank algorithms by any scores, as `ranking` does.

    Args:
        rows: As returned by `comparison.scored`.
        direction: `maximise` or `minimise`.
        level: Confidence.
        draws: Number of resamples.
        seed: Of the resampling.
        resample: Resamples test examples; by default none are.
    """
    complete = missing.coverage(rows).complete
    means = rows.pivot_table(index="display_name", columns="problem", values="value")
    means = means.reindex(index=complete.index, columns=complete.columns).where(complete)
    means = means.dropna(axis=1, how="all")
    names, problems = list(means.index), len(means.columns)
    centre = means.T.to_numpy()[None]  # (1, P, A)
    equal = np.full((1, problems), 1 / problems)
    place = _mean_ranks(centre, equal, direction)[0]
    frame = pd.DataFrame(
        {
            "value": (equal @ centre[0])[0],
            "mean_rank": place,
            "rank": rankdata(place.round(9), method="min"),
        },
        index=pd.Index(names, name="display_name"),
    )
    shares = _shares(problems, draws, seed)
    values = None if resample is None or shares is not None else resample(means)
    over = "problems" if shares is not None else "" if values is None else "test examples"
    if over:
        intervals = _intervals(
            centre if values is None else values,
            equal if shares is None else shares,
            np.asarray(frame["value"], dtype=float),
            place,
            direction,
            level,
            None if shares is None else problems,
        )
        frame = frame.assign(**intervals)
    else:
        unknown = dict.fromkeys(("low", "high", "rank_low", "rank_high"), np.nan)
        frame = frame.assign(**unknown, tied=None)
    return Ranking(
        frame=frame.iloc[np.lexsort((names, place.round(9)))],
        problems=problems,
        over=over,
        plain=0 if values is None else _without_spread(values),
        level=level,
    )


def _without_spread(values: Array) -> int:
    """Return the number of problems that are the same in all draws."""
    spread = np.nan_to_num(np.ptp(values, axis=0)).max(axis=1)
    return int((spread == 0).sum())


def _values(
    results: Results, metric: str, means: pd.DataFrame, *, draws: int, seed: int
) -> Array | None:
    """Return `(draws, P, A)` resampled means over seeds, or None if nothing can be resampled.

    A problem keeps its plain values if a run of a complete algorithm has no outcomes.
    """
    if metric not in RESAMPLED or not has_outcomes(results):
        return None
    plain: Array = means.T.to_numpy()[None]
    names = dict(zip(results.runs["run_id"], results.runs["display_name"], strict=True))
    column_of = {name: column for column, name in enumerate(means.index)}
    values, any_problem = np.repeat(plain, draws, axis=0), False
    for place, problem in enumerate(means.columns):
        found = _of_problem(results, str(problem), names, metric, draws, seed)
        known = means.index[means[problem].notna()]
        if set(known) <= set(found):
            any_problem = True
            for name in known:
                values[:, place, column_of[name]] = found[name]
    return values if any_problem else None


def _of_problem(
    results: Results, problem: str, names: Mapping[str, str], metric: str, draws: int, seed: int
) -> dict[str, Array]:
    """Return the `(draws,)` mean over seeds of each algorithm with outcomes."""
    by_name: dict[str, list[Array]] = {}
    for run in resampled(results, problem, draws=draws, seed=seed):
        utility = run.expected_utility
        if metric == "gain-over-pretrained":
            utility = run.preferences.max(axis=1).mean() - utility
        by_name.setdefault(names[run.run_id], []).append(utility)
    return {name: np.mean(seeds, axis=0) for name, seeds in by_name.items()}


def _shares(problems: int, draws: int, seed: int) -> Array | None:
    """Return the `(draws, P)` share of each problem in a resample; None with too few problems."""
    if problems < ENOUGH_PROBLEMS:
        return None
    generator = np.random.default_rng([seed, problems])
    counts = generator.multinomial(problems, np.full(problems, 1 / problems), size=draws)
    return counts / problems


def _mean_ranks(values: Array, shares: Array, direction: str) -> Array:
    """Return the `(draws, A)` mean ranks of values `(draws or 1, P, A)` with these shares."""
    signed = values if direction == "minimise" else -values
    signed = np.where(np.isnan(signed), np.inf, signed.round(9))
    ranks = rankdata(signed, axis=2)
    if len(ranks) == 1:
        return np.asarray(shares @ ranks[0])
    return np.asarray(np.einsum("dp,dpa->da", np.broadcast_to(shares, ranks.shape[:2]), ranks))


def _intervals(
    values: Array,
    shares: Array,
    centre: Array,
    place: Array,
    direction: str,
    level: float,
    problems: int | None,
) -> dict[str, Array]:
    """Return the columns of `Ranking.frame` that come from resamples.

    Args:
        values: `(draws or 1, P, A)`.
        shares: `(draws or 1, P)`.
        centre: `(A,)` means over problems without resampling.
        place: `(A,)` mean ranks without resampling.
        direction: `maximise` or `minimise`.
        level: Confidence.
        problems: Their number if they are resampled; intervals are then wider if it is small.
    """
    draws = max(len(values), len(shares))
    means = np.einsum(
        "dp,dpa->da",
        np.broadcast_to(shares, (draws, shares.shape[1])),
        np.broadcast_to(values, (draws, *values.shape[1:])),
    )
    mean_ranks = _mean_ranks(values, shares, direction)
    tail = (1 - level) / 2
    if problems is not None:
        tail = float(norm.sf(_widening(problems, problems - 1, level) * norm.isf(tail)))
    above, below = np.quantile(means, [1 - tail, tail], axis=0)
    places = rankdata(mean_ranks.round(9), axis=1)
    rank_low, rank_high = np.quantile(places, [tail, 1 - tail], axis=0)
    return {
        # Not the quantiles themselves: noise makes expected utility worse on average, in a resample
        # once more than in the sample, and they would often miss the truth.
        "low": 2 * centre - above,
        "high": 2 * centre - below,
        "rank_low": np.floor(rank_low),
        "rank_high": np.ceil(rank_high),
        "tied": _tied(mean_ranks, place, level, problems),
    }


def _widening(problems: int, freedom: int, level: float) -> float:
    """Return by which factor deviations of resampled problems are too small if these are few."""
    tail = (1 - level) / 2
    ratio = t.isf(tail, freedom) / norm.isf(tail)
    return float(np.sqrt(problems / (problems - 1)) * ratio)


def _tied(mean_ranks: Array, place: Array, level: float, problems: int | None) -> NDArray[np.bool_]:
    """Return which algorithms are not separated from the first.

    The margin is a quantile of the largest difference between any two algorithms. The first is
    chosen by the same data, so that comparing it with the others only would separate most of a
    hundred equal algorithms. Differences are not studentized, because with few problems some of the
    many pairs have a tiny standard deviation by chance.

    Args:
        mean_ranks: `(draws, A)` of the resamples.
        place: `(A,)` without resampling.
        level: Confidence of all separations together.
        problems: Their number if they are resampled.
    """
    deviations = mean_ranks - place
    if problems is not None and len(place) > 1:
        deviations *= _widening(problems, (problems - 1) * (len(place) - 1), level)
    margin = np.quantile(deviations.max(axis=1) - deviations.min(axis=1), level)
    return np.asarray(place - place.min() <= margin + _ROUNDING)
