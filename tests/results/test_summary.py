from collections.abc import Callable

import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.errors import ParameterError
from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.results import Results
from fusefront.results.tables.summary import summary

COLUMNS = [("hypervolume", "", "maximise")]


@pytest.fixture
def results(
    make_record: Callable[..., Record], make_scores: Callable[..., pd.DataFrame]
) -> Results:
    """Two problems, two algorithms, two seeds; one run of B has no score on the second problem."""
    values = {
        ("p", "A", 0): 0.2,
        ("p", "A", 1): 0.4,
        ("q", "A", 0): 0.4,
        ("q", "A", 1): 0.8,
        ("p", "B", 0): 0.9,
        ("p", "B", 1): 0.9,
        ("q", "B", 0): 0.9,
    }
    keys = [(p, a, s) for p in ("p", "q") for a in ("a", "b") for s in (0, 1)]
    parts = [record_table(make_record(a, p, s)) for p, a, s in keys]
    found = results_of(parts)
    return found.with_frames(scores=make_scores(values, found))


def test_a_cell_is_the_mean_over_problems_and_its_spread_over_seeds(results: Results) -> None:
    frame = summary(results, COLUMNS, ["p", "q"])
    assert frame.loc["A", "hypervolume ↑"] == "0.4500 (0.2121)"  # of 0.3 and 0.6


def test_runs_without_a_score_are_counted_and_cannot_be_best(results: Results) -> None:
    frame = summary(results, COLUMNS, ["p", "q"])
    assert frame.loc["B", "hypervolume ↑"] == "0.9000 [3 of 4 runs]"
    assert frame.attrs["best"] == [("A", "hypervolume ↑")]


def test_only_the_selected_problems_count(results: Results) -> None:
    frame = summary(results, COLUMNS, ["p"])
    assert frame.loc["B", "hypervolume ↑"] == "0.9000 (0.0000)"
    assert frame.attrs["best"] == [("B", "hypervolume ↑")]
    assert frame.attrs["caption"].startswith("mean over 1 problem (")


def test_no_problem_is_refused(results: Results) -> None:
    with pytest.raises(ParameterError, match="`problems` must have runs"):
        summary(results, COLUMNS, ["r"])


def test_large_numbers_are_shortened(results: Results) -> None:
    scores = results.scores.assign(value=lambda frame: frame["value"] * 1e7)
    frame = summary(results.with_frames(scores=scores), COLUMNS, ["p"])
    assert frame.loc["B", "hypervolume ↑"] == "9.00M (0.0000)"
