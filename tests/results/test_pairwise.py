"""Tests against a baseline: oracles, planted differences, and few false marks where nothing is."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from fusefront.errors import ParameterError, UnknownNameError
from fusefront.results.statistics.pairwise import (
    CORRECTIONS,
    TESTS,
    against,
    bayes_signed_rank,
    cliffs_delta,
    vargha_delaney,
)


def rows(values: dict[str, list[float]], seeds: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"problem": f"p{k}", "display_name": name, "seed": seed, "value": value}
            for name, column in values.items()
            for k, value in enumerate(column)
            for seed in range(seeds)
        ]
    )


def noise(problems: int, seed: int, **shifts: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    common = generator.standard_normal(problems)
    return rows(
        {
            name: list(common + shift + generator.standard_normal(problems))
            for name, shift in shifts.items()
        }
    )


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_wins_and_gains_follow_the_direction(direction: str) -> None:
    found = against(
        rows({"base": [1.0, 1.0, 1.0], "a": [2.0, 0.5, 1.0]}), "base", direction=direction
    )
    sign = 1 if direction == "maximise" else -1
    assert list(found[["wins", "ties", "losses"]].to_numpy()[0]) == [1, 1, 1]
    assert found["gain"].tolist() == [pytest.approx(sign * 0.5 / 3)]
    assert found["mark"].tolist() == ["="]


def test_wilcoxon_is_that_of_scipy() -> None:
    scores = noise(12, 3, base=0.0, a=0.5)
    wide = scores.pivot_table(index="problem", columns="display_name", values="value")
    found = against(scores, "base", direction="maximise", test="wilcoxon", correction="none")
    expected = wilcoxon((wide["a"] - wide["base"]).round(9)).pvalue
    assert found["p_value"].tolist() == [pytest.approx(expected)]


@pytest.mark.parametrize("test", list(TESTS))
def test_a_planted_difference_is_marked(test: str) -> None:
    found = against(
        noise(25, 1, base=0.0, a=3.0, b=-3.0, c=0.0), "base", direction="maximise", test=test
    )
    assert found["mark"].to_dict() == {"a": "+", "b": "-", "c": "="}


def wrong_studies(**options: Any) -> int:
    """Number of 200 studies of six equal algorithms in which one is marked."""
    names = dict.fromkeys(("base", *"abcde"), 0.0)

    def is_wrong(seed: int) -> bool:
        found = against(noise(10, seed, **names), "base", direction="maximise", **options)
        return bool((found["mark"] != "=").any())

    return sum(map(is_wrong, range(200)))


@pytest.mark.parametrize("test", list(TESTS))
@pytest.mark.parametrize("correction", ["holm", "bonferroni"])
def test_equal_algorithms_are_rarely_marked(test: str, correction: str) -> None:
    # 10 of 200 are expected at most; beyond 19 with probability 0.001
    assert wrong_studies(test=test, correction=correction) <= 19


def test_without_a_correction_equal_algorithms_are_marked_too_often() -> None:
    assert wrong_studies(correction="none") > 19


def test_corrections_only_raise_p_values() -> None:
    p_values = pd.Series([0.001, 0.02, np.nan, 0.04, 0.5], index=list("abcde"))
    for name, correct in CORRECTIONS.items():
        found = correct(p_values)
        assert found.isna().tolist() == p_values.isna().tolist(), name
        assert (found.dropna() >= p_values.dropna()).all(), name
        assert (found.dropna() <= 1).all(), name


def test_who_lacks_a_result_loses_there_and_has_no_test() -> None:
    scores = rows({"base": [1.0] * 6, "a": [0.0] * 6})
    scores.loc[(scores["display_name"] == "a") & (scores["problem"] == "p3"), "value"] = np.nan
    found = against(scores, "base", direction="minimise")
    assert list(found[["wins", "ties", "losses"]].to_numpy()[0]) == [5, 0, 1]
    assert found["mark"].tolist() == [""]


def test_where_the_baseline_lacks_a_result_the_others_win_and_nobody_is_tested() -> None:
    scores = rows({"base": [1.0] * 6, "a": [0.0] * 6})
    scores.loc[(scores["display_name"] == "base") & (scores["problem"] == "p3"), "value"] = np.nan
    found = against(scores, "base", direction="minimise")
    assert list(found[["wins", "ties", "losses"]].to_numpy()[0]) == [6, 0, 0]
    assert found["mark"].tolist() == [""]


def test_wrong_names_and_an_empty_baseline_are_refused() -> None:
    scores = rows({"base": [np.nan], "a": [1.0]})
    with pytest.raises(ParameterError, match="must have all results on a problem"):
        against(scores, "base", direction="minimise")
    with pytest.raises(UnknownNameError, match="Algorithm"):
        against(scores, "bas", direction="minimise")
    with pytest.raises(UnknownNameError, match="wilcoxon"):
        against(scores, "base", direction="minimise", test="wilcoxn")
    with pytest.raises(UnknownNameError, match="Correction"):
        against(scores, "base", direction="minimise", correction="hom")


def test_effect_sizes_by_counting_pairs() -> None:
    generator = np.random.default_rng(0)
    a, b = (pd.Series(generator.integers(0, 5, n).astype(float)) for n in (7, 9))
    larger = sum(x > y for x in a for y in b)
    equal = sum(x == y for x in a for y in b)
    assert vargha_delaney(a, b) == pytest.approx((larger + equal / 2) / 63)
    assert cliffs_delta(a, b) == pytest.approx((larger - (63 - larger - equal)) / 63)


def test_bayesian_signed_rank_by_sampling_and_counting_pairs() -> None:
    """Benavoli et al. 2017: each sample of weights votes for the largest region of averages."""
    gains = np.random.default_rng(4).normal(0.02, 0.05, size=15)
    points, rope = [0.0, *gains], 0.01
    generator, votes = np.random.default_rng(9), [0, 0, 0]
    for _ in range(3_000):
        gammas = [generator.gamma(1.0) for _ in points]
        weights = [g / sum(gammas) for g in gammas]
        shares = [0.0, 0.0, 0.0]
        for a, x in zip(weights, points, strict=True):
            for b, y in zip(weights, points, strict=True):
                mean = (x + y) / 2
                shares[0 if mean > rope else 2 if mean < -rope else 1] += a * b
        votes[shares.index(max(shares))] += 1
    found = bayes_signed_rank(gains, rope=rope)
    np.testing.assert_allclose(found, np.array(votes) / sum(votes), atol=0.03)
