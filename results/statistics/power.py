"""How many problems, seeds and test examples a difference needs to be found."""

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy.stats import nct, t

from ...registry import unknown_name
from ..results import Results
from .comparison import scored
from .ranking import RESAMPLED
from .resampling import has_outcomes, resampled

MOST: Final = 1_000_000
"""Problems beyond which a difference counts as not to be found."""


@final
@dataclass(frozen=True, kw_only=True)
class Spread:
    """The difference of two algorithms, and what it varies with.

    Attributes:
        gain: Mean over problems of one minus the other, positive if the first is better.
        problems: Number of problems that both have.
        seeds: Least number of seeds on a problem.
        over_problems: Standard deviation over problems of the mean difference over seeds.
        over_seeds: Mean over problems of the standard deviation over seeds; NaN with one seed.
        over_examples: Mean over problems of the standard error from test examples; NaN without
            outcomes, or if the metric cannot be computed again for resampled examples.
    """

    gain: float
    problems: int
    seeds: int
    over_problems: float
    over_seeds: float
    over_examples: float

    def needed(self, power: float = 0.8, level: float = 0.05) -> int | None:
        """Return how many problems a t-test needs to find this difference; None beyond `MOST`."""
        return problems_needed(self.gain, self.over_problems, power=power, level=level)


def spread(
    results: Results, metric: str, first: str, second: str, *, direction: str, reference: str = ""
) -> Spread:
    """Describe the difference of two algorithms, paired by problem and seed.

    Raises:
        UnknownNameError: If one of them has no runs, or they have no problem in common.
    """
    rows = scored(results, metric, reference).dropna()
    known = list(rows["display_name"].unique())
    for name in (first, second):
        if name not in known:
            raise unknown_name("Algorithm", name, known)
    wide = rows.pivot_table(index=["problem", "seed"], columns="display_name", values="value")
    sign = 1.0 if direction == "maximise" else -1.0
    gaps = (sign * (wide[first] - wide[second])).dropna()
    by_problem = gaps.groupby("problem")
    means = by_problem.mean()
    return Spread(
        gain=float(means.mean()),
        problems=len(means),
        seeds=int(by_problem.size().min()),
        over_problems=float(means.std()) if len(means) > 1 else float("nan"),
        over_seeds=float(by_problem.std().mean()),
        over_examples=_over_examples(results, metric, first, second, list(means.index)),
    )


def _over_examples(
    results: Results, metric: str, first: str, second: str, problems: list[str]
) -> float:
    if metric not in RESAMPLED or not has_outcomes(results):
        return float("nan")
    names = dict(zip(results.runs["run_id"], results.runs["display_name"], strict=True))
    wanted = results.runs["display_name"].isin([first, second])
    from pyarrow import array, chunked_array, string

    own = results.only(chunked_array([array(results.runs.loc[wanted, "run_id"], string())]))
    errors = []
    for problem in problems:
        means: dict[str, list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = {}
        for run in resampled(own, problem):
            means.setdefault(names[run.run_id], []).append(run.expected_utility)
        if set(means) == {first, second}:
            gaps = np.mean(means[first], axis=0) - np.mean(means[second], axis=0)
            errors.append(float(np.std(gaps)))
    return float(np.mean(errors)) if errors else float("nan")


def problems_needed(
    gain: float, deviation: float, *, power: float = 0.8, level: float = 0.05
) -> int | None:
    """Return the least number of problems with which a two-sided paired t-test finds a difference.

    Args:
        gain: Mean difference.
        deviation: Its standard deviation over problems.
        power: Chance of finding it.
        level: Chance of finding one that is not there.

    Returns:
        None if it is more than `MOST`, or if the deviation is unknown.

    >>> problems_needed(1.0, 1.0)
    10
    """
    if not np.isfinite(deviation) or gain == 0:
        return None
    if deviation == 0:
        return 2
    effect = abs(gain) / deviation
    low, high = 2, MOST
    if _power(effect, high, level) < power:
        return None
    while low < high:  # the power grows with the number of problems
        middle = (low + high) // 2
        if _power(effect, middle, level) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def _power(effect: float, problems: int, level: float) -> float:
    critical = t.isf(level / 2, problems - 1)
    return float(nct.sf(critical, problems - 1, effect * np.sqrt(problems)))
