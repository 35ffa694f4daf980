"""Tests of gains over problems and over test examples, against slow twins and other libraries."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, permutation_test, t

import fusefront
from fusefront.results.results import Results
from fusefront.results.statistics.comparison import (
    EXACT,
    beats,
    example_errors,
    example_test,
    holm,
    problem_test,
    scored,
)

SIX = [0.09, 0.25, 0.38, 0.02, -0.01, 0.11]


def slow_p_value(gains: list[float]) -> float:
    """Of all ways to flip signs, the share whose mean is at least as far from 0."""
    flipped = [
        abs(sum(sign * gain for sign, gain in zip(signs, gains, strict=True)))
        for signs in product((1, -1), repeat=len(gains))
    ]
    return sum(total >= abs(sum(gains)) - 1e-9 for total in flipped) / len(flipped)


def over_problems_of(gains: list[float], level: float = 0.05) -> "pd.Series[float]":
    return problem_test(pd.DataFrame([gains]), level=level).iloc[0]


@pytest.mark.parametrize(
    "gains", [SIX, [-g for g in SIX], [0.1] * 6, [0.3, -0.1, -0.1], [0.0, 0.0]]
)
def test_the_test_over_problems_flips_all_signs(gains: list[float]) -> None:
    assert over_problems_of(gains)["p_value"] == pytest.approx(slow_p_value(gains))


def test_the_test_over_problems_agrees_with_scipy() -> None:
    rows = np.random.default_rng(3).normal(0.1, 0.2, (20, 7))
    found = problem_test(pd.DataFrame(rows))
    for gains, p_value in zip(rows, found["p_value"], strict=True):
        other = permutation_test((gains,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert p_value == pytest.approx(other.pvalue)


def test_six_problems_cannot_show_more_than_one_in_thirty_two() -> None:
    found = over_problems_of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert found["p_value"] == 1 / 32
    assert (found["low"], found["high"]) == (0.1, 0.6)  # the least and the largest gain
    assert np.isinf(over_problems_of([0.1, 0.2, 0.3, 0.4, 0.5])["low"])


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_the_interval_has_the_values_that_the_test_does_not_reject(level: float) -> None:
    found = over_problems_of(SIX, level)
    for value in (*found[["low", "high"]], 0.0, 0.1):
        for shift in (-1e-6, 1e-6):
            rejected = slow_p_value([g - value - shift for g in SIX]) <= level
            assert rejected != (found["low"] <= value + shift <= found["high"])


def test_many_problems_are_tested_by_random_flips() -> None:
    gains = np.random.default_rng(0).normal(0.08, 0.2, EXACT + 2).tolist()
    found = over_problems_of(gains)
    assert found["p_value"] == pytest.approx(slow_p_value(gains), abs=0.005)
    spread = t.ppf(0.975, len(gains) - 1) * np.std(gains, ddof=1) / len(gains) ** 0.5
    expected = [np.mean(gains) - spread, np.mean(gains) + spread]
    assert list(found[["low", "high"]]) == pytest.approx(expected, abs=0.015)


def test_a_missing_gain_takes_no_part() -> None:
    found = problem_test(pd.DataFrame([[0.1, np.nan], [0.1, 0.2]], index=["a", "b"]))
    assert list(found.index) == ["b"]


def slow_holm(p_values: list[float]) -> list[float]:
    """Holm 1979: the k-th least of n is multiplied by n - k + 1, and none is below an earlier."""
    raised = []
    for own in p_values:
        below = [p for p in p_values if p <= own]
        raised.append(max((len(p_values) - sum(q < p for q in p_values)) * p for p in below))
    return [min(1.0, p) for p in raised]


def test_holm_steps_down() -> None:
    """R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02."""
    assert list(holm(pd.Series([0.01, 0.04, 0.03, 0.005]))) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02]
    )
    many = np.random.default_rng(1).uniform(0, 0.2, 50).round(2)  # with ties
    assert list(holm(pd.Series(many))) == pytest.approx(slow_holm(many.tolist()))


def test_a_missing_p_value_counts_and_remains_missing() -> None:
    found = holm(pd.Series([0.01, np.nan], index=["a", "b"]))
    assert found["a"] == 0.02
    assert np.isnan(found["b"])


@pytest.fixture(scope="module")
def two() -> Results:
    """Two algorithms of the shipped comparison, as small as results with accuracies get."""
    results = fusefront.load_prerun("comparison")
    kept = {"rewarded-soup", "pamal"}
    return results.with_frames(
        **{
            name: frame[frame["display_name"].isin(kept)]
            for name, frame in (("fronts", results.fronts), ("runs", results.runs))
        }
    )


def slow_run(results: Results, front: pd.DataFrame) -> tuple[float, float]:
    """Expected utility of a run, and the mean standard error of the terms that make it."""
    anchors = results.problems[results.problems["problem"] == front["problem"].iloc[0]]
    anchors = anchors.set_index(["model", "task"])["value"].to_dict()
    utilities, errors = [], []
    for _, point in front.groupby("point"):
        terms = []
        for p, task, value, n in zip(
            point["preference"].iloc[0], point["task"], point["value"], point["n"], strict=True
        ):
            scale = anchors[task, task] - anchors["pretrained", task]
            objective = (anchors[task, task] - value) / scale
            terms.append((p * objective, p * (value * (1 - value) / n) ** 0.5 / scale))
        utility, error = max(terms)
        utilities.append(utility)
        errors.append(error)
    return float(np.mean(utilities)), float(np.mean(errors))


def test_errors_of_examples_are_those_of_the_terms_of_expected_utility(two: Results) -> None:
    found = example_errors(two)
    utility = scored(two, "expected-utility").set_index(["problem", "display_name", "seed"])
    assert set(found.index) == {key[:2] for key in utility.index}
    fronts = two.fronts[two.fronts["problem"].isin(["digits-left-right", "digits-all"])]
    runs = fronts.groupby(["problem", "display_name", "seed"])
    slow = pd.DataFrame({key: slow_run(two, own) for key, own in runs}).T
    assert list(slow[0]) == pytest.approx(list(utility.loc[slow.index, "value"]))
    means = slow[1].groupby(level=[0, 1]).mean()
    assert list(found[means.index]) == pytest.approx(list(means))


def test_the_error_is_an_upper_bound_of_the_simulated_one(two: Results) -> None:
    """New test examples with the same accuracies, independent between tasks."""
    front = two.fronts[
        (two.fronts["problem"] == "digits-mnist-sum")
        & (two.fronts["display_name"] == "rewarded-soup")
        & (two.fronts["seed"] == 0)
    ]
    error = slow_run(two, front)[1]
    rng = np.random.default_rng(0)
    simulated = []
    for _ in range(200):
        easiness = {
            (task, n): rng.uniform(size=n)
            for task, n in zip(front["task"], front["n"], strict=True)
        }
        values = [
            float((easiness[task, n] < value).mean())  # easy examples are right for all models
            for task, n, value in front[["task", "n", "value"]].itertuples(index=False)
        ]
        simulated.append(slow_run(two, front.assign(value=values))[0])
    assert 0.5 * error < np.std(simulated) < 1.05 * error


def test_values_that_are_no_accuracies_have_no_error(two: Results) -> None:
    shifted = two.with_frames(fronts=two.fronts.assign(value=two.fronts["value"] + 7))
    assert example_errors(shifted).isna().all()


def test_the_test_over_examples_is_students_with_both_errors() -> None:
    cells = {
        ("p", "bar"): [0.5, 0.6, 0.4],
        ("p", "a"): [0.3, 0.42, 0.21],
        ("p", "b"): [0.3, 0.4, 0.2],
    }
    frame = pd.DataFrame(
        [(*key, seed, v) for key, values in cells.items() for seed, v in enumerate(values)],
        columns=["problem", "display_name", "seed", "value"],
    )
    errors = pd.Series({("p", "bar"): 0.03, ("p", "a"): 0.04, ("p", "b"): 0.04})
    found = example_test(beats(frame, "bar", direction="minimise"), errors)
    own = found.set_index("display_name")
    seeds = np.var([0.2, 0.18, 0.19], ddof=1) / 3
    total = 0.0025 + seeds
    freedom = total**2 / (seeds**2 / 2)
    assert own.loc["a", "p_value"] == pytest.approx(2 * t.sf(0.19 / total**0.5, freedom))
    assert own.loc["a", "margin"] == pytest.approx(t.ppf(0.975, freedom) * total**0.5)
    # without a spread over seeds it is a normal test of the examples
    assert own.loc["b", "p_value"] == pytest.approx(2 * norm.sf(0.2 / 0.05))
    assert (own.loc["bar", "p_value"], own.loc["bar", "margin"]) == (1, 0)


def test_one_seed_makes_no_test_over_examples() -> None:
    frame = pd.DataFrame(
        [("p", "bar", 0, 0.5), ("p", "a", 0, 0.1)],
        columns=["problem", "display_name", "seed", "value"],
    )
    errors = pd.Series({("p", "bar"): 0.03, ("p", "a"): 0.04})
    found = example_test(beats(frame, "bar", direction="minimise"), errors)
    assert found.set_index("display_name")["p_value"].isna().to_dict() == {"a": True, "bar": False}
