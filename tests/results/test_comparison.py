from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pandas as pd
import pytest

from fusefront.errors import UnknownNameError
from fusefront.results.results import Results
from fusefront.results.statistics.comparison import (
    beats,
    best,
    mean_ranks,
    over_problems,
    rank_test,
    ranks,
    scored,
)


def scores(cells: Mapping[tuple[str, str], list[float]]) -> pd.DataFrame:
    """Return scores by `(problem, algorithm)`, one value per seed; NaN stands for no score."""
    rows = [
        (problem, name, seed, value)
        for (problem, name), seeds in cells.items()
        for seed, value in enumerate(seeds)
    ]
    return pd.DataFrame(rows, columns=["problem", "display_name", "seed", "value"]).dropna()


def row(frame: pd.DataFrame, problem: str, name: str) -> "pd.Series[float]":
    return frame[(frame["problem"] == problem) & (frame["display_name"] == name)].iloc[0]


def test_scores_are_one_row_a_run_of_the_first_reference(
    results: Results, make_scores: Callable[..., pd.DataFrame]
) -> None:
    keys = [("two-digits", "TIES", seed) for seed in range(3)]
    found = make_scores({key: 0.1 * (key[2] + 1) for key in keys}, results)
    other = found.assign(reference="another", value=9.0)
    both = results.with_frames(scores=pd.concat([found, other]))
    first = scored(both, "hypervolume")
    assert list(first["display_name"]) == ["AVERAGE"] * 3 + ["TIES"] * 3
    assert list(first["value"].iloc[3:]) == pytest.approx([0.1, 0.2, 0.3])
    assert first["value"].iloc[:3].isna().all()  # runs without a score are missing results
    assert list(scored(both, "hypervolume", "another")["value"].dropna()) == [9.0] * 3
    with pytest.raises(UnknownNameError, match="hypervolume"):
        scored(both, "hypervolum")


def test_a_gain_has_its_mean_spread_and_range_over_seeds() -> None:
    found = beats(
        scores({("p", "bar"): [0.5, 0.6, 0.4], ("p", "a"): [0.1, 0.55, 0.45]}),
        "bar",
        direction="minimise",
    )
    own, gains = row(found, "p", "a"), [0.4, 0.05, -0.05]
    assert list(found["baseline"]) == ["bar", "bar"]
    assert own["seeds"] == 3
    assert own["better"]
    assert list(own[["gain", "spread", "low", "high"]]) == pytest.approx(
        [np.mean(gains), np.std(gains, ddof=1), -0.05, 0.4]
    )


def test_the_range_over_three_seeds_is_the_interval_of_their_bootstrap() -> None:
    """Of 27 equally likely resamples, 1 has the least seed alone: more than 2.5 %."""
    gains = [0.4, 0.05, -0.05]
    means = [np.mean(drawn) for drawn in product(gains, repeat=3)]
    interval = np.quantile(means, [0.025, 0.975], method="inverted_cdf")
    assert list(interval) == pytest.approx([min(gains), max(gains)])


def test_the_direction_turns_who_is_better() -> None:
    frame = scores({("p", "bar"): [0.5, 0.5], ("p", "a"): [0.7, 0.7]})
    assert row(beats(frame, "bar", direction="maximise"), "p", "a")["better"]
    assert not row(beats(frame, "bar", direction="minimise"), "p", "a")["better"]


def test_nobody_beats_itself_nor_its_twin() -> None:
    bar = [0.1 + 0.2, 0.7]
    found = beats(
        scores({("p", "bar"): bar, ("p", "twin"): [0.3, 0.7]}), "bar", direction="minimise"
    )
    assert not found["better"].any()


def test_only_seeds_that_both_have_are_compared() -> None:
    found = beats(
        scores({("p", "bar"): [0.5, np.nan, 0.5], ("p", "a"): [0.4, 0.9, 0.4]}),
        "bar",
        direction="minimise",
    )
    assert row(found, "p", "a")["seeds"] == 2
    assert row(found, "p", "a")["gain"] == pytest.approx(0.1)


def test_a_baseline_may_differ_by_problem_and_lack_on_some() -> None:
    frame = scores({(problem, name): [v] for problem in "pqr" for name, v in (("a", 1), ("b", 2))})
    found = beats(frame, {"p": "a", "q": "b"}, direction="minimise")
    assert set(found["problem"]) == {"p", "q"}
    assert list(
        found.loc[found["better"], ["problem", "display_name"]].itertuples(index=False)
    ) == [("q", "a")]


def test_the_best_of_each_problem() -> None:
    frame = scores({("p", "a"): [1, 3], ("p", "b"): [2, 2.5], ("q", "a"): [0], ("q", "b"): [1]})
    assert dict(best(frame, direction="minimise")) == {"p": "a", "q": "a"}
    assert dict(best(frame, direction="maximise")) == {"p": "b", "q": "b"}


THREE = {
    ("p", "a"): [0.1, 0.3],
    ("p", "b"): [0.2, 0.2],
    ("p", "c"): [0.9, 0.9],
    ("q", "a"): [0.5, 0.5],
    ("q", "b"): [0.1, 0.1],
}


def test_ranks_are_of_means_over_seeds_and_ties_share() -> None:
    found = ranks(scores(THREE), direction="minimise")
    assert list(found["p"]) == [1.5, 1.5, 3]
    assert list(found["q"]) == [2, 1, 3]  # c has no result
    assert list(ranks(scores(THREE), direction="maximise")["p"]) == [2.5, 2.5, 1]


def test_mean_rank_has_its_number_of_problems_and_spread_over_seeds() -> None:
    found = mean_ranks(scores(THREE), direction="minimise")
    assert list(found.index) == ["b", "a", "c"]
    assert list(found["rank"]) == [1.25, 1.75, 3]
    assert list(found["problems"]) == [2, 2, 1]
    # a: ranks 1 and 2 with seed 0, 2 and 2 with seed 1
    assert found.loc["a", "seed_spread"] == pytest.approx(np.std([1.5, 2], ddof=1))


def slow_friedman(found: np.ndarray) -> float:
    """Demsar 2006, equation of section 3.2.2; ranks `(algorithms, problems)` without ties."""
    k, n = found.shape
    means = found.mean(axis=1)
    return float(12 * n / (k * (k + 1)) * ((means**2).sum() - k * (k + 1) ** 2 / 4))


def test_the_rank_test_is_friedmans_with_iman_and_davenports_f() -> None:
    order = np.random.default_rng(0).permuted(np.tile(np.arange(1.0, 6.0), (8, 1)), axis=1).T
    found = rank_test(pd.DataFrame(order))
    assert found is not None
    assert found.statistic == pytest.approx(slow_friedman(order))
    assert (found.algorithms, found.problems) == (5, 8)


def test_the_rank_test_gives_what_r_gives() -> None:
    """R's friedman.test and scmamp's imanDavenportTest on 9 algorithms and 2 data sets."""
    order = [[1, 8, 6, 4, 7, 2, 5, 3, 9], [1, 6, 3, 9, 7, 2, 8, 4, 5]]
    found = rank_test(pd.DataFrame(order).T)
    assert found is not None
    assert found.statistic == pytest.approx(11.733, abs=5e-4)
    assert found.p_value == pytest.approx(0.08697, abs=5e-6)


@pytest.mark.parametrize(("k", "quantile"), [(3, 2.343), (4, 2.569), (10, 3.164)])
def test_the_critical_difference_has_demsars_quantiles(k: int, quantile: float) -> None:
    """Demsar 2006, table 5(a); 4 algorithms on 14 data sets make 1.25 in its section 3.2.2."""
    n = 14
    found = rank_test(pd.DataFrame(np.tile(np.arange(k), (n, 1)).T))
    assert found is not None
    expected = quantile * (k * (k + 1) / (6 * n)) ** 0.5
    assert found.critical_difference == pytest.approx(expected, abs=1e-3)


def test_algorithms_without_a_rank_somewhere_take_no_part_in_the_test() -> None:
    frame = pd.DataFrame([[1, 1, 2], [2, 2, 1], [3, 3, 3], [4, np.nan, 4]])
    found = rank_test(frame)
    assert found is not None
    assert found.algorithms == 3
    assert rank_test(frame.iloc[:2]) is None
    assert rank_test(frame.iloc[:, :1]) is None


def test_problems_that_all_agree_leave_no_doubt() -> None:
    found = rank_test(pd.DataFrame([[1, 1], [2, 2], [3, 3]]))
    assert found is not None
    assert found.p_value == 0


def test_the_mean_over_a_group_is_of_seeds_with_all_its_problems() -> None:
    frame = scores({("p", "a"): [1, 2, 3], ("q", "a"): [3, 4, np.nan], ("r", "a"): [7, 8, 9]})
    found = over_problems(frame, {"p": "pairs", "q": "pairs", "r": "all", "s": "gone"})
    assert list(found.loc["pairs"].loc["a"]) == [2.5, pytest.approx(0.5**0.5), 2, True]
    assert list(found.loc["all"].loc["a"]) == [8, 1, 3, True]
    assert "gone" not in found.index.get_level_values("group")
