"""Ranks, intervals and ties: known truths, planted differences, and nothing where nothing is."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from tests.results.conftest import results_of

from fusefront.benchmark.score.scores import with_scores
from fusefront.results.files.record import (
    FrontRow,
    OutcomeRow,
    ProblemFacts,
    Record,
    pack_outcomes,
)
from fusefront.results.files.schema import TABLES, record_table
from fusefront.results.results import Results
from fusefront.results.statistics import ranking as module
from fusefront.results.statistics.ranking import ENOUGH_PROBLEMS, ranking
from fusefront.results.statistics.resampling import _weights, resampled

METRIC = "expected-utility"
N = 200
EXPERT, PRETRAINED = 0.95, 0.1
"""Values of the anchors in `make_facts`."""

Build = Callable[[Mapping[tuple[str, str], NDArray[np.bool_]]], Results]


@pytest.fixture
def build(make_record: Callable[..., Record], make_facts: Callable[..., ProblemFacts]) -> Build:
    """Results of `(problem, algorithm)`: `(3, 2, N)` outcomes of 3 points on 2 tasks."""

    def make(outcomes: Mapping[tuple[str, str], NDArray[np.bool_]]) -> Results:
        parts = []
        for (problem, algorithm), right in outcomes.items():
            record = make_record(algorithm, problem)
            tasks = ["task_0", "task_1"]
            rows = [(i, t, right[i, k]) for i in range(3) for k, t in enumerate(tasks)]
            fronts = [
                FrontRow(i, t, float(r.mean()), 1.0, float(objective(r.mean())), N)
                for i, t, r in rows
            ]
            kept = [OutcomeRow(i, t, N, pack_outcomes(r)) for i, t, r in rows]
            parts.append(record_table(replace(record, fronts=fronts, outcomes=kept)))
        problems = list(dict.fromkeys(problem for problem, _ in outcomes))
        results = results_of(parts, [facts_table(make_facts(p)) for p in problems])
        return with_scores(results)

    return make


def facts_table(facts: ProblemFacts) -> pa.Table:
    common = {n: getattr(facts, n) for n in ("problem", "problem_hash", "labels")}
    rows = [row._asdict() | common for row in facts.anchors]
    return pa.Table.from_pylist(rows, schema=TABLES["problems"])


def objective(value: float) -> float:
    return (EXPERT - value) / (EXPERT - PRETRAINED)


def outcomes(accuracy: float, seed: int) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random((3, 2, N)) < accuracy


def test_a_resample_is_what_its_examples_give(build: Build) -> None:
    right = outcomes(0.7, 1)
    results = build({("p", "a"): right})
    (run,) = resampled(results, "p", draws=5, seed=3)
    for task in range(2):
        counts = np.rint(_weights(5, N, [3, task]) * N).astype(int)
        for draw in range(5):
            examples = [e for e, count in enumerate(counts[draw]) for _ in range(count)]
            assert len(examples) == N
            for point in range(3):
                value = np.mean([right[point, task, e] for e in examples])
                assert run.objectives[draw, point, task] == pytest.approx(
                    objective(float(value)), abs=1e-5
                )


def test_all_algorithms_of_a_problem_get_the_same_examples(build: Build) -> None:
    right = outcomes(0.7, 1)
    first, second = resampled(build({("p", "a"): right, ("p", "b"): right}), "p", draws=9)
    np.testing.assert_array_equal(first.objectives, second.objectives)
    np.testing.assert_array_equal(first.expected_utility, second.expected_utility)


def test_equal_algorithms_are_tied_and_a_far_better_one_is_not(build: Build) -> None:
    same = outcomes(0.5, 1)
    found = ranking(
        build({("p", "a"): same, ("p", "b"): same, ("p", "c"): outcomes(0.9, 2)}),
        METRIC,
        direction="minimise",
    )
    assert list(found.frame.index) == ["C", "A", "B"]
    assert found.frame["tied"].tolist() == [True, False, False]
    assert found.frame["rank"].tolist() == [1, 2, 2]
    assert found.over == "test examples"


def test_few_problems_are_taken_as_given_and_many_are_resampled(build: Build) -> None:
    for count, over in (
        (ENOUGH_PROBLEMS - 1, "test examples"),
        (ENOUGH_PROBLEMS, "problems"),
    ):
        cells = {
            (f"p{k}", name): outcomes(accuracy, 10 * k + place)
            for k in range(count)
            for place, (name, accuracy) in enumerate((("a", 0.5), ("b", 0.8)))
        }
        found = ranking(build(cells), METRIC, direction="minimise")
        assert (found.over, found.problems) == (over, count)
        assert found.frame["tied"].tolist() == [True, False]


def test_without_outcomes_and_problems_there_are_no_intervals(build: Build) -> None:
    results = build({("p", "a"): outcomes(0.5, 1), ("p", "b"): outcomes(0.8, 2)})
    bare = results.with_tables(outcomes=results.arrow("outcomes").schema.empty_table)
    found = ranking(bare, METRIC, direction="minimise")
    assert found.over == ""
    assert found.frame[["low", "high", "rank_low", "rank_high"]].isna().all(axis=None)
    assert set(found.frame["tied"]) == {None}


def test_a_problem_that_is_known_exactly_is_not_resampled(build: Build) -> None:
    results = build({("p", "a"): outcomes(0.5, 1), ("p", "b"): outcomes(0.8, 2)})
    exact = results.outcomes.assign(n=0, packed=b"")
    found = ranking(results.with_frames(outcomes=exact), METRIC, direction="minimise")
    assert found.over == ""
    mixed = build({(p, n): outcomes(0.5, 1) for p in "pq" for n in "ab"})
    rows = mixed.outcomes
    rows.loc[rows["problem"] == "p", "n"] = 0
    found = ranking(mixed.with_frames(outcomes=rows), METRIC, direction="minimise")
    assert (found.over, found.plain) == ("test examples", 1)


def test_an_algorithm_that_lacks_a_problem_is_last_there(build: Build) -> None:
    cells = {(f"p{k}", n): outcomes(0.6, 7 * k + i) for k in range(6) for i, n in enumerate("ab")}
    cells |= {(f"p{k}", "c"): outcomes(0.9, 90 + k) for k in range(5)}
    found = ranking(build(cells), METRIC, direction="minimise").frame
    assert found.loc["C", "mean_rank"] == pytest.approx((5 * 1 + 3) / 6)
    assert found["value"].isna().tolist() == [name == "C" for name in found.index]


def null_study(problems: int, algorithms: int, seed: int) -> NDArray[np.bool_]:
    """Whether each of some equal algorithms is called tied with the first of them."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((1, problems, algorithms))
    return ties(values, seed)


def ties(values: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    problems = values.shape[1]
    shares = module._shares(problems, 300, seed)
    assert shares is not None
    equal = np.full((1, problems), 1 / problems)
    place = module._mean_ranks(values, equal, "minimise")[0]
    ranks = module._mean_ranks(values, shares, "minimise")
    return module._tied(ranks, place, 0.95, problems)


@pytest.mark.parametrize(("problems", "algorithms"), [(6, 3), (6, 20), (12, 10), (40, 30)])
def test_equal_algorithms_are_rarely_separated(problems: int, algorithms: int) -> None:
    wrong = sum((~null_study(problems, algorithms, seed)).any() for seed in range(200))
    # 5 % of 200 are 10; above 19 a binomial of 5 % would be with probability 0.001
    assert wrong <= 19


def test_planted_differences_are_found() -> None:
    generator = np.random.default_rng(0)
    found = []
    for seed in range(30):
        values = generator.standard_normal((1, 20, 8))
        values[:, :, 4:] += 2.0
        tied = ties(values, seed)
        found.append((tied[:4].mean(), tied[4:].mean()))
    best, worse = np.mean(found, axis=0)
    assert best > 0.95
    assert worse < 0.1


@pytest.mark.parametrize("shape", ["front", "constant", "corners"])
def test_intervals_of_expected_utility_cover_the_truth(shape: str) -> None:
    """At corners, noise makes the utility of the sample, and more of resamples, too large."""
    ramp = np.linspace(0, 1, 11)
    preferences = np.column_stack([ramp, 1 - ramp])
    truth = {
        "front": 0.8 * (1 - preferences) ** 1.5 + 0.1,
        "constant": np.full((11, 2), 0.3),
        "corners": 1 - preferences,
    }[shape]
    exact = (preferences * truth).max(axis=1).mean()
    accuracy, scale, n, covered = 0.9 - 0.3 * truth, 0.3, 300, 0
    generator = np.random.default_rng(5)
    for _ in range(200):
        shared = 0.8 * generator.standard_normal((2, n, 1))
        noise = shared + 0.6 * generator.standard_normal((2, n, 11))
        right = noise < norm.ppf(accuracy.T)[:, None, :]
        draws = [
            generator.multinomial(n, np.full(n, 1 / n), 200) / n @ right[task] for task in range(2)
        ]
        resamples = (preferences * (0.9 - np.stack(draws, axis=2)) / scale).max(axis=2).mean(axis=1)
        centre = (preferences * (0.9 - right.mean(axis=1).T) / scale).max(axis=1).mean()
        ends = module._intervals(
            resamples[:, None, None],
            np.ones((1, 1)),
            np.array([centre]),
            np.ones(1),
            "minimise",
            0.95,
            None,
        )
        covered += bool(ends["low"][0] <= exact <= ends["high"][0])
    assert 0.89 <= covered / 200 <= 0.99


def test_means_over_problems_have_intervals_that_cover_the_truth() -> None:
    generator = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        values = generator.normal(1.0, 0.3, size=(1, 6, 1))
        shares = module._shares(6, 300, seed)
        assert shares is not None
        centre = values[0].mean(axis=0)
        ends = module._intervals(values, shares, centre, np.ones(1), "minimise", 0.95, 6)
        covered += bool(ends["low"][0] <= 1.0 <= ends["high"][0])
    assert 0.89 <= covered / 200 <= 0.99


def test_equal_seeds_give_equal_rankings(build: Build) -> None:
    cells = {("p", name): outcomes(0.6, place) for place, name in enumerate("abc")}
    one, other = (ranking(build(cells), METRIC, direction="minimise").frame for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
