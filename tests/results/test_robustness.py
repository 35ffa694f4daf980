from collections.abc import Callable

import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.results import Results
from fusefront.results.statistics.robustness import Check, card, words

FAMILIES = {"p": "digits", "q": "garments"}
DIRECTIONS = {"hypervolume": "maximise", "cost": "minimise", "absent": "minimise"}


@pytest.fixture
def results(
    make_record: Callable[..., Record], make_scores: Callable[..., pd.DataFrame]
) -> Results:
    """A is first on p by far and B on q; B is first by cost."""
    values = {("p", "a"): 0.9, ("p", "b"): 0.1, ("q", "a"): 0.4, ("q", "b"): 0.5}
    values |= {("p", "c"): 0.0, ("q", "c"): 0.45}
    made = results_of([record_table(make_record(name, problem)) for problem, name in values])
    keyed = {(problem, name.upper(), 0): value for (problem, name), value in values.items()}
    scores = make_scores(keyed, made)
    costs = scores.assign(
        metric="cost", value=scores["display_name"].map({"A": 3.0, "B": 1.0, "C": 2.0})
    )
    return made.with_frames(scores=pd.concat([scores, costs]))


def test_every_choice_names_its_first(results: Results) -> None:
    found = card(results, "hypervolume", directions=DIRECTIONS, families=FAMILIES)
    assert found == [
        Check(choice="by hypervolume", first=("B",)),
        Check(choice="by cost", first=("B",)),
        Check(choice="without digits", first=("B",)),
        Check(choice="without garments", first=("A",)),
    ]
    assert words(found) == [
        "B is also first by cost and without digits.",
        "B is not first without garments (A).",
    ]


def test_one_family_is_not_left_out(results: Results) -> None:
    found = card(
        results, "hypervolume", directions=DIRECTIONS, families=dict.fromkeys("pq", "digits")
    )
    assert [check.choice for check in found] == ["by hypervolume", "by cost"]


def test_nothing_else_to_try_says_nothing(results: Results) -> None:
    only = card(results, "cost", directions={"cost": "minimise"}, families={})
    assert words(only) == []
