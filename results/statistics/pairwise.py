"""Algorithms against one baseline, with problems as the units: tests, corrections, effect sizes.

No test is over seeds alone: more seeds would make the smallest difference significant. P-values are
corrected for the number of algorithms that are compared.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, wilcoxon

from ...errors import ParameterError
from ...registry import unknown_name
from .. import missing
from .comparison import DIGITS, holm, problem_test

Array = NDArray[np.float64]
LEVEL: Final = 0.05
_DRAWS: Final = 20_000
ROPE: Final = 0.01
"""Half of the region of practical equivalence of `bayes`, in units of the metric."""


def against(
    scores: pd.DataFrame,
    baseline: str,
    *,
    direction: str,
    test: str = "sign-flip",
    correction: str = "holm",
    level: float = LEVEL,
) -> pd.DataFrame:
    """Compare every algorithm with a baseline over problems.

    An algorithm that lacks a result on a problem loses there, whatever its other seeds reached, and
    cannot be tested. If the baseline lacks one, the others win there, and nobody can be tested.

    Args:
        scores: As returned by `comparison.scored`.
        baseline: Its display name.
        direction: `maximise` or `minimise`.
        test: One of `TESTS`.
        correction: One of `CORRECTIONS`, over the compared algorithms.
        level: Chance of a wrong mark, after the correction.

    Returns:
        A row per algorithm except the baseline: `wins`, `ties` and `losses` over problems, the mean
        `gain` (positive is better), `p_value` (two-sided), `corrected`, `a12` (see
        `vargha_delaney`) and `mark`: `+` better, `-` worse, `=` not separated, and empty if it
        cannot be tested.

    Raises:
        UnknownNameError: If there is no such algorithm, test or correction.
        ParameterError: If the baseline has no complete result.
    """
    for name, value, known in (("Test", test, TESTS), ("Correction", correction, CORRECTIONS)):
        if value not in known:
            raise unknown_name(name, value, list(known))
    means = _means(scores, baseline)
    sign = 1.0 if direction == "maximise" else -1.0
    gains = (sign * (means - means.loc[baseline])).round(DIGITS).drop(index=baseline)
    values = TESTS[test](gains)
    corrected = CORRECTIONS[correction](values)
    lacks, unmatched = means.isna().drop(index=baseline), means.loc[baseline].isna()
    wins = ((gains > 0) | (~lacks & unmatched)).sum(axis=1)
    losses = ((gains < 0) | (lacks & ~unmatched)).sum(axis=1)
    gain = gains.mean(axis=1)
    significant = corrected <= level
    mark = np.select(
        [corrected.isna(), significant & (gain > 0), significant & (gain < 0)], ["", "+", "-"], "="
    )
    signed = sign * means
    return pd.DataFrame(
        {
            "wins": wins,
            "ties": gains.shape[1] - wins - losses,
            "losses": losses,
            "gain": gain,
            "p_value": values,
            "corrected": corrected,
            "a12": [
                vargha_delaney(signed.T[name].dropna(), signed.T[baseline].dropna())
                for name in gains.index
            ],
            "mark": mark,
        },
        index=gains.index,
    )


def _means(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return means over seeds, algorithms as rows and problems as columns; NaN if incomplete."""
    complete = missing.coverage(scores).complete
    if baseline not in complete.index:
        raise unknown_name("Algorithm", baseline, list(complete.index))
    means = scores.pivot_table(index="display_name", columns="problem", values="value")
    means = means.reindex(index=complete.index, columns=complete.columns).where(complete)
    if means.loc[baseline].isna().all():
        raise ParameterError(
            f"The baseline `{baseline}` must have all results on a problem. Found none. "
            "Choose another one, or run it again."
        )
    return means


def vargha_delaney(values: "pd.Series[float]", others: "pd.Series[float]") -> float:
    """Return A12: the chance that a value is larger than another one, ties counted half.

    0.5 is no effect; Cliff's delta is 2 A12 - 1. Source: Vargha and Delaney 2000, "A critique and
    improvement of the CL common language effect size statistics of McGraw and Wong".
    """
    if values.empty or others.empty:
        return float("nan")
    gaps = values.to_numpy()[:, None] - others.to_numpy()[None]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def cliffs_delta(values: "pd.Series[float]", others: "pd.Series[float]") -> float:
    """Return Cliff's delta: the chance that a value is larger minus that it is smaller."""
    return 2 * vargha_delaney(values, others) - 1


def _sign_flip(gains: pd.DataFrame) -> "pd.Series[float]":
    return problem_test(gains)["p_value"].reindex(gains.index)


def _wilcoxon(gains: pd.DataFrame) -> "pd.Series[float]":
    """Wilcoxon's signed-rank test; exact without ties and up to 50 problems."""

    def of(row: Array) -> float:
        if np.isnan(row).any():
            return float("nan")
        return 1.0 if not row.any() else float(wilcoxon(row).pvalue)

    return pd.Series([of(row) for row in gains.to_numpy()], index=gains.index)


TESTS: Final[dict[str, Callable[[pd.DataFrame], "pd.Series[float]"]]] = {
    "sign-flip": _sign_flip,
    "wilcoxon": _wilcoxon,
}
"""Two-sided tests of gains: algorithms as rows, problems as columns; NaN where one is missing."""


def _bonferroni(p_values: "pd.Series[float]") -> "pd.Series[float]":
    return (p_values * len(p_values)).clip(upper=1)


def _false_discovery(p_values: "pd.Series[float]") -> "pd.Series[float]":
    known = p_values.dropna()
    adjusted = pd.Series(false_discovery_control(known), index=known.index)
    return adjusted.reindex(p_values.index)


CORRECTIONS: Final[dict[str, Callable[["pd.Series[float]"], "pd.Series[float]"]]] = {
    "holm": holm,
    "bonferroni": _bonferroni,
    "benjamini-hochberg": _false_discovery,
    "none": lambda p_values: p_values,
}
"""Holm and Bonferroni limit the chance of any wrong mark, Benjamini and Hochberg the share of wrong
ones among the marks."""


def bayes_signed_rank(
    gains: Array, *, rope: float = ROPE, draws: int = _DRAWS, seed: int = 0
) -> tuple[float, float, float]:
    """Return the probabilities that an algorithm is better, equivalent and worse on a new problem.

    Benavoli et al. 2017, "Time for a change: a tutorial for comparing multiple classifiers through
    Bayesian analysis", section 4.2: a Dirichlet process over the gains, with one prior
    pseudo-observation at 0, and Walsh averages of pairs inside or outside of the region.

    Args:
        gains: `(n,)` one per problem, positive is better.
        rope: Half of the region of practical equivalence.
        draws: Samples of the posterior.
        seed: Of the sampling.
    """
    points = np.concatenate([[0.0], np.asarray(gains, dtype=np.float64)])
    averages = (points[:, None] + points[None]) / 2
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(points)), size=draws)
    shares = [
        np.einsum("di,ij,dj->d", weights, region.astype(float), weights, optimize=True)
        for region in (averages > rope, np.abs(averages) <= rope, averages < -rope)
    ]
    winner = np.argmax(shares, axis=0)
    better, same, worse = (float(np.mean(winner == k)) for k in range(3))
    return better, same, worse
