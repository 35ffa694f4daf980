"""Aggregates over problems and seeds, with intervals by a stratified bootstrap over seeds.

Source of all: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
precipice". Seeds are resampled within each problem, so that the intervals are about other seeds on
the same problems.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import trim_mean

Array = NDArray[np.float64]
_DRAWS: Final = 2_000


def interquartile_mean(scores: Array) -> float:
    """Return the mean of the middle half of all scores `(problems, seeds)`."""
    return float(trim_mean(scores, 0.25, axis=None))


def optimality_gap(scores: Array, *, target: float = 0.0) -> float:
    """Return the mean amount by which scores `(problems, seeds)`, minimised, exceed the target.

    Scores better than the target count as reaching it.
    """
    return float(np.maximum(scores - target, 0.0).mean())


def probability_of_improvement(scores: Array, others: Array) -> float:
    """Return the mean over problems of the chance that a seed beats a seed of another algorithm.

    Args:
        scores: `(problems, seeds)`, minimised.
        others: `(problems, seeds of the other)`. Ties count half.
    """
    gaps = others[:, None, :] - scores[:, :, None]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def performance_profile(scores: Array, thresholds: Array) -> Array:
    """Return the `(thresholds,)` share of all scores, minimised, at or below each threshold."""
    ordered = np.sort(scores, axis=None)
    return np.asarray(np.searchsorted(ordered, thresholds, side="right") / ordered.size)


def stratified_interval(
    statistic: Callable[..., float],
    *samples: Array,
    level: float = 0.95,
    draws: int = _DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a percentile interval of a statistic of samples `(problems, seeds)`.

    Args:
        statistic: Of as many arrays as there are samples.
        samples: Seeds are resampled within each row, independently for each sample.
        level: Confidence.
        draws: Number of resamples.
        seed: Of the resampling.
    """
    generator = np.random.default_rng(seed)

    def resample(sample: Array) -> Array:
        columns = generator.integers(0, sample.shape[1], size=sample.shape)
        return np.asarray(np.take_along_axis(sample, columns, axis=1))

    values = [statistic(*map(resample, samples)) for _ in range(draws)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
