from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.results import Results
from fusefront.results.tables.leaderboard import leaderboard, system_names
from fusefront.results.tables.places import Versus
from fusefront.results.tables.render import FORMATS, render

Make = Callable[[Mapping[tuple[str, str], float | str]], Results]
LABELS = {
    "a": {"data": "labelled", "delivery": "model", "track": "inductive"},
    "b": {"data": "none", "delivery": "model", "track": "transductive"},
    "s": {"data": "none", "delivery": "system", "track": "inductive"},
}


@pytest.fixture
def make(make_record: Callable[..., Record], make_scores: Callable[..., pd.DataFrame]) -> Make:
    """Results of `(problem, algorithm)`: its hypervolume, or the status its run ended with."""

    def build(cells: Mapping[tuple[str, str], float | str]) -> Results:
        parts, values = [], {}
        for (problem, algorithm), value in cells.items():
            status = value if isinstance(value, str) else "done"
            parts.append(record_table(make_record(algorithm, problem, status=status)))
            if isinstance(value, float):
                values[problem, algorithm.upper(), 0] = value
        results = results_of(parts)
        return results.with_frames(scores=make_scores(values, results))

    return build


def board(results: Results, top: int | None = None, **options: Any) -> pd.DataFrame:
    return leaderboard(
        results, "hypervolume", direction="maximise", labels=LABELS, top=top, **options
    )


def of_problems(count: int, **values: float | str) -> dict[tuple[str, str], float | str]:
    return {(f"p{k}", name): value for k in range(count) for name, value in values.items()}


def test_rows_are_algorithms_best_first_with_an_interval_of_their_rank(make: Make) -> None:
    frame = board(make(of_problems(6, a=0.2, b=0.5)))
    assert list(frame.index) == ["B", "A"]
    assert [text.strip() for text in frame["rank"]] == ["1 =", "2"]
    assert frame.loc["B", "hypervolume"] == "0.500 [0.500, 0.500]"
    assert frame.attrs["best"] == [("B", "rank")]
    assert frame.attrs["sentence"] == (
        "B is the best of 2 algorithms by hypervolume on 6 problems, beyond chance."
    )


def test_algorithms_that_win_by_turns_are_tied(make: Make) -> None:
    cells = {
        (f"p{k}", name): 0.5 + 0.1 * ((k + place) % 2)
        for k in range(6)
        for place, name in enumerate("ab")
    }
    frame = board(make(cells))
    assert all(text.endswith("=") for text in frame["rank"])
    assert frame.attrs["sentence"].endswith("is tied with it.")


def test_few_problems_without_outcomes_have_no_intervals_and_the_table_says_so(make: Make) -> None:
    frame = board(make(of_problems(2, a=0.2, b=0.5)))
    assert frame["rank"].tolist() == ["1", "2"]
    assert frame.loc["B", "hypervolume"] == "0.500"
    assert "no intervals" in frame.attrs["caption"]
    assert "cannot say whether others are tied" in frame.attrs["sentence"]


def test_systems_are_below_and_have_no_rank(make: Make) -> None:
    frame = board(make(of_problems(2, a=0.2, b=0.5, s=0.9)))
    assert list(frame.index) == ["B", "A", "S"]
    assert frame.loc["S", "rank"] == "system"
    assert "system: several models" in frame.attrs["caption"]
    assert "of 2 algorithms" in frame.attrs["sentence"]


def test_what_was_measured_decides_before_the_label(make: Make) -> None:
    results = make(of_problems(1, a=0.2, s=0.9))
    measured = results.runs.assign(delivery=["system", "model"])
    assert system_names(results, LABELS) == {"S"}
    assert system_names(results.with_frames(runs=measured), LABELS) == {"A"}


def test_nothing_but_systems_is_ranked_as_any_other(make: Make) -> None:
    frame = board(make(of_problems(2, s=0.9)))
    assert frame["rank"].tolist() == ["1"]
    assert frame.attrs["sentence"] == "S is the only algorithm."


def test_the_best_are_shown_and_the_others_counted(make: Make) -> None:
    cells = of_problems(2, a=0.2, b=0.5, c=0.7, d=0.8)
    frame = board(make(cells), top=2)
    assert list(frame.index) == ["D", "C"]
    assert "2 algorithms not shown" in frame.attrs["caption"]


def test_an_algorithm_that_failed_is_shown_as_incomplete_and_has_no_mean(make: Make) -> None:
    cells = of_problems(2, a=0.2, b=0.5) | {("p0", "c"): 0.9, ("p1", "c"): "failed"}
    frame = board(make(cells))
    assert frame.loc["C", "hypervolume"] == "0.900 (incomplete)"
    assert "never the best and ranks last" in frame.attrs["caption"]


def test_columns_say_what_data_was_seen(make: Make) -> None:
    frame = board(make(of_problems(2, a=0.2, b=0.5, unknown=0.1)))
    assert frame["data"].to_dict() == {
        "A": "labelled",
        "B": "none + test inputs",
        "UNKNOWN": "unknown",
    }


def test_few_problems_have_columns_of_their_own(make: Make) -> None:
    assert {"p0", "p1"} <= set(board(make(of_problems(2, a=0.2, b=0.5))))
    assert not {"p0", "p1"} & set(board(make(of_problems(7, a=0.2, b=0.5))))


def test_a_baseline_marks_who_is_better_and_counts_problems(make: Make) -> None:
    cells = of_problems(8, a=0.2, b=0.5, c=0.9, s=0.95)
    frame = board(make(cells), versus=Versus(baseline="B"))
    assert frame["vs B"].to_dict() == {"C": "8/0/0 +", "B": "", "A": "0/0/8 -", "S": ""}
    assert "sign-flip test over problems, level 0.05, correction holm" in frame.attrs["caption"]


@pytest.mark.parametrize("style", list(FORMATS))
def test_every_format_has_all_rows(make: Make, style: str) -> None:
    text = render(board(make(of_problems(6, a=0.2, b=0.5))), style)
    assert "A" in text
    assert "0.500 [0.500, 0.500]" in text
