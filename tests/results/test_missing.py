"""A missing result never flatters, in whatever table, rank, mean or figure it is missing."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.missing import RULE, coverage, ranks, skipped
from fusefront.results.plots.panels import panels
from fusefront.results.results import Results
from fusefront.results.statistics.comparison import (
    beats,
    best,
    mean_ranks,
    over_problems,
    scored,
)
from fusefront.results.tables.summary import summary
from fusefront.results.tables.table import table

Cells = Mapping[tuple[str, str], list[float | str]]
Made = Callable[[Cells], Results]
HYPERVOLUME = ("hypervolume", "", "maximise")


@pytest.fixture
def made(make_record: Callable[..., Record], make_scores: Callable[..., pd.DataFrame]) -> Made:
    """Results of `(problem, algorithm)`: a score per seed, or a status; `""` is an absent run."""

    def build(cells: Cells) -> Results:
        parts, values = [], {}
        for (problem, algorithm), seeds in cells.items():
            for seed, value in enumerate(seeds):
                if value == "":
                    continue
                status = "done" if isinstance(value, float) else value
                parts.append(record_table(make_record(algorithm, problem, seed, status=status)))
                if isinstance(value, float):
                    values[problem, algorithm.upper(), seed] = value
        results = results_of(parts)
        return results.with_frames(scores=make_scores(values, results))

    return build


def rows(cells: Mapping[tuple[str, str], list[float]]) -> pd.DataFrame:
    found = [(p, a, s, v) for (p, a), seeds in cells.items() for s, v in enumerate(seeds)]
    return pd.DataFrame(found, columns=["problem", "display_name", "seed", "value"])


def slow_needed(frame: pd.DataFrame, name: str, problem: str) -> set[int]:
    """The seeds that anybody has a result for, and those of the algorithm's own runs."""
    here = frame[frame["problem"] == problem]
    by_anybody = {s for s, v in zip(here["seed"], here["value"], strict=True) if not np.isnan(v)}
    return by_anybody | set(here.loc[here["display_name"] == name, "seed"])


@pytest.mark.parametrize("seed", range(20))
def test_coverage_agrees_with_sets_of_seeds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    full = rows({(p, a): [1.0, 2.0, 3.0] for p in "pqr" for a in "abcd"})
    full.loc[generator.random(len(full)) < 0.3, "value"] = np.nan
    frame = full[generator.random(len(full)) > 0.3]
    found = coverage(frame)
    assert set(found.counts.columns) == set(frame.dropna()["problem"])
    for name in frame["display_name"].unique():
        complete = []
        for problem in map(str, found.counts):
            own = frame[(frame["problem"] == problem) & (frame["display_name"] == name)]
            needed = slow_needed(frame, name, problem)
            assert found.needed.loc[name, problem] == len(needed)
            assert found.counts.loc[name, problem] == own["value"].notna().sum()
            complete.append(set(own.dropna()["seed"]) == needed)
            assert found.complete.loc[name, problem] == complete[-1]
        assert found.whole[name] == all(complete)


def test_incomplete_algorithms_share_the_last_ranks() -> None:
    centres = pd.DataFrame({"p": [1.0, 9.0, 2.0, np.nan]}, index=list("abcd"))
    complete = pd.DataFrame({"p": [True, False, True, False]}, index=list("abcd"))
    assert list(ranks(centres, complete, direction="maximise")["p"]) == [2, 3.5, 1, 3.5]
    assert list(ranks(centres, complete, direction="minimise")["p"]) == [1, 3.5, 2, 3.5]


def test_a_problem_without_a_complete_algorithm_has_no_ranks() -> None:
    centres = pd.DataFrame({"p": [1.0, 2.0], "q": [1.0, 2.0]}, index=list("ab"))
    complete = pd.DataFrame({"p": [False, False], "q": [True, True]}, index=list("ab"))
    assert list(ranks(centres, complete, direction="maximise").columns) == ["q"]


ONE_OF_TWO: Cells = {
    ("p", "a"): [0.3, 0.3], ("q", "a"): [0.5, 0.5],
    ("p", "b"): [0.2, 0.2], ("q", "b"): [0.2, 0.2],
    ("p", "c"): [0.9, ""], ("q", "c"): ["", ""],
}  # fmt: skip
"""C has one run, the best of all; A has them all and is better than B."""


@pytest.mark.parametrize("status", ["", "failed", "skipped"])
def test_one_good_run_of_two_problems_wins_nowhere(made: Made, status: str) -> None:
    cells: Cells = {key: [v or status for v in seeds] for key, seeds in ONE_OF_TWO.items()}
    results = made(cells)
    means = summary(results, [HYPERVOLUME], ["p", "q"])
    assert list(means["hypervolume ↑"]) == [
        "0.4000 (0.0000)",
        "0.2000 (0.0000)",
        "0.9000 [1 of 4 runs]",
    ]
    assert means.attrs["best"] == [("A", "hypervolume ↑")]
    assert RULE in means.attrs["caption"]
    grid = table(results, "hypervolume", direction="maximise")
    assert {name for _, name in grid.attrs["best"]} == {"A"}
    assert list(grid.iloc[-1]) == ["1.00", "2.00", "3.00"]
    word = status or "absent"
    assert list(grid["C"])[:2] == [f"0.9000 [1 {word}]", f"[2 {word}]"]
    assert RULE in grid.attrs["caption"]
    scores = scored(results, "hypervolume")
    assert list(mean_ranks(scores, direction="maximise").index) == ["A", "B", "C"]
    assert set(best(scores, direction="maximise")) == {"A"}
    assert not beats(scores, "B", direction="maximise").set_index("display_name")["better"]["C"]
    groups = over_problems(scores, {"p": "p", "q": "q"})
    assert list(groups["complete"].loc["p"]) == [True, True, False]


def test_complete_algorithms_have_the_numbers_they_have_alone(made: Made) -> None:
    alone = made({key: seeds for key, seeds in ONE_OF_TWO.items() if key[1] != "c"})
    beside = made(ONE_OF_TWO)
    for results in (alone, beside):
        frame = table(results, "hypervolume", direction="maximise")
        assert list(frame["A"]) == ["0.3000 (0.0000)", "0.5000 (0.0000)", "1.00"]
    assert RULE not in summary(alone, [HYPERVOLUME], ["p", "q"]).attrs["caption"]


def test_a_mean_rank_made_good_by_few_problems_is_below_the_complete(made: Made) -> None:
    results = made(
        {
            ("p", "a"): [0.9], ("q", "a"): [0.9], ("r", "a"): ["failed"],
            ("p", "b"): [0.1], ("q", "b"): [0.1], ("r", "b"): [0.1],
        }
    )  # fmt: skip
    found = mean_ranks(scored(results, "hypervolume"), direction="maximise")
    assert list(found.index) == ["B", "A"]
    assert list(found["rank"]) == [pytest.approx(5 / 3), pytest.approx(4 / 3)]
    frame = table(results, "hypervolume", direction="maximise")
    assert frame.attrs["best"][-1] == (frame.index[-1], "B")


def test_failures_of_a_seed_that_nobody_else_has_cost_the_others_nothing(made: Made) -> None:
    results = made({("p", "a"): [0.1], ("p", "b"): [0.9, "failed"]})
    frame = table(results, "hypervolume", direction="maximise")
    assert list(frame.iloc[-1]) == ["1.00", "2.00"]
    assert frame.loc["p", "A"] == "0.1000"


def test_a_problem_that_nobody_has_scores_of_is_left_out(made: Made) -> None:
    results = made({("p", "a"): [0.5], ("p", "b"): [0.1], ("q", "a"): [0.5], ("q", "b"): [0.1]})
    of_p = results.with_frames(scores=results.scores[results.scores["problem"] == "p"])
    means = summary(of_p, [HYPERVOLUME], ["p", "q"])
    assert list(means["hypervolume ↑"]) == ["0.5000", "0.1000"]
    assert means.attrs["best"] == [("A", "hypervolume ↑")]
    assert "hypervolume over the 1 with scores" in means.attrs["caption"]
    grid = table(of_p, "hypervolume", direction="maximise")
    assert grid.index[-1] == "average rank (1 of 2 problems)"


def test_skipped_runs_are_listed_with_their_reason(made: Made) -> None:
    results = made({("p", "a"): ["skipped", "skipped"], ("p", "b"): [0.1, 0.1]})
    text = "skipped: A on p (needs labelled data)"
    assert skipped(results.runs) == text
    assert text in table(results, "hypervolume", direction="maximise").attrs["caption"]
    assert text in summary(results, [HYPERVOLUME], ["p"]).attrs["caption"]
    assert skipped(results.runs[results.runs["status"] == "done"]) == ""


def test_many_problems_of_a_reason_are_counted(made: Made) -> None:
    results = made({(problem, "a"): ["skipped"] for problem in "pqrs"})
    assert skipped(results.runs) == "skipped: A on 4 problems (needs labelled data)"


@pytest.mark.parametrize(
    ("seeds", "shown"),
    [
        ([0.1, 0.2, 0.3], 1),
        (["failed", 0.2, 0.3], 1),
        (["failed", "failed", 0.3], 2),
        ([0.5, 0.2, ""], 1),
    ],
)
def test_missing_runs_are_the_worst_where_a_figure_shows_the_median(
    made: Made, seeds: list[float | str], shown: int
) -> None:
    results = made({("p", "a"): seeds, ("p", "b"): [0.1, 0.1, 0.1], ("p", "c"): ["", "", ""]})
    fronts = results.fronts.assign(objective=results.fronts["seed"].astype(float))
    (panel,) = panels(results.with_frames(fronts=fronts), None, None)
    assert np.unique(panel.objectives["A"]).tolist() == [shown]
    done = sum(isinstance(value, float) for value in seeds)
    assert panel.absent == ({} if done == 3 else {f"{done} of 3 runs": ["A"]})


def test_a_figure_names_algorithms_that_a_problem_has_no_run_of(made: Made) -> None:
    results = made({("p", "a"): [0.1], ("q", "b"): [0.1], ("q", "a"): [0.2]})
    first, _ = panels(results, None, None)
    assert first.absent == {"absent": ["B"]}
