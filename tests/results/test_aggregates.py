import numpy as np
import pytest
from scipy.stats import ttest_1samp

from fusefront.results.statistics.aggregates import (
    interquartile_mean,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    stratified_interval,
)
from fusefront.results.statistics.power import problems_needed

SCORES = np.random.default_rng(0).random((4, 5))
OTHERS = np.random.default_rng(1).random((4, 3))


def test_interquartile_mean_is_that_of_the_middle_half() -> None:
    ordered = sorted(SCORES.ravel())
    assert interquartile_mean(SCORES) == pytest.approx(sum(ordered[5:15]) / 10)


def test_optimality_gap_counts_only_what_is_worse_than_the_target() -> None:
    expected = sum(max(x - 0.5, 0) for x in SCORES.ravel()) / SCORES.size
    assert optimality_gap(SCORES, target=0.5) == pytest.approx(expected)


def test_probability_of_improvement_by_counting() -> None:
    wins = [(x < y) + 0.5 * (x == y) for k in range(4) for x in SCORES[k] for y in OTHERS[k]]
    assert probability_of_improvement(SCORES, OTHERS) == pytest.approx(sum(wins) / len(wins))
    assert probability_of_improvement(SCORES, SCORES) == 0.5


def test_a_profile_is_the_share_of_scores_at_or_below() -> None:
    thresholds = np.array([-1.0, 0.5, SCORES.max(), 2.0])
    expected = [np.mean(x >= SCORES) for x in thresholds]
    np.testing.assert_allclose(performance_profile(SCORES, thresholds), expected)


def test_seeds_are_resampled_within_their_problem() -> None:
    rows = np.repeat([[0.0], [10.0]], 4, axis=1)  # seeds agree, problems differ
    assert stratified_interval(lambda x: float(x.mean()), rows) == (5.0, 5.0)


def test_intervals_cover_the_truth_at_nearly_their_rate() -> None:
    generator, covered = np.random.default_rng(3), 0
    for seed in range(200):
        low, high = stratified_interval(
            lambda x: float(x.mean()), generator.normal(size=(10, 10)), draws=300, seed=seed
        )
        covered += low <= 0 <= high
    assert 0.87 <= covered / 200 <= 0.98


@pytest.mark.parametrize(("gain", "deviation"), [(1.0, 1.0), (0.5, 1.0), (0.03, 0.05)])
def test_the_number_of_problems_gives_the_power(gain: float, deviation: float) -> None:
    needed = problems_needed(gain, deviation)
    assert needed is not None
    generator = np.random.default_rng(0)

    def power(problems: int) -> float:
        samples = generator.normal(gain, deviation, size=(4000, problems))
        return float(np.mean(ttest_1samp(samples, 0, axis=1).pvalue < 0.05))

    assert power(needed) == pytest.approx(0.8, abs=0.05)
    assert power(needed - 3) < power(needed + 3)


def test_no_difference_is_never_found_and_a_constant_one_at_once() -> None:
    assert problems_needed(0.0, 1.0) is None
    assert problems_needed(1e-9, 1.0) is None
    assert problems_needed(1.0, float("nan")) is None
    assert problems_needed(1.0, 0.0) == 2
