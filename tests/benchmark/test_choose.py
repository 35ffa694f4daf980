"""`fusefront choose` and the functions behind it."""

import numpy as np
import pandas as pd
import pytest
from tests.benchmark.conftest import Command

import fusefront as package
from fusefront.metrics.nondominated import nondominated
from fusefront.results.decision import candidates, knee, meeting, ranked_by

PROBLEM = "digits-mnist-sum"


@pytest.fixture(scope="module")
def every() -> pd.DataFrame:
    return candidates(package.load("default!"), PROBLEM)


def test_candidates_are_all_points_with_their_values(every: pd.DataFrame) -> None:
    fronts = package.load("default!").fronts
    own = fronts[fronts["problem"] == PROBLEM]
    assert len(every) == len(own) / 2
    row = every.iloc[17]
    stored = own[(own["run_id"] == row["run_id"]) & (own["point"] == row["point"])]
    values = dict(zip(stored["task"], stored["value"], strict=True))
    assert {task: row[f"value:{task}"] for task in ("mnist", "sum")} == values
    objectives = dict(zip(stored["task"], stored["objective"], strict=True))
    for task in ("mnist", "sum"):
        assert row[f"decided:{task}"] == pytest.approx(objectives[task])


def test_floors_and_utilities_by_loops(every: pd.DataFrame) -> None:
    left = meeting(every, {"sum": 0.4, "mnist": 0.7})
    expected = [
        k
        for k in range(len(every))
        if every["value:sum"].iloc[k] >= 0.4 and every["value:mnist"].iloc[k] >= 0.7
    ]
    assert left.index.tolist() == [every.index[k] for k in expected]
    ordered = ranked_by(left, [0.25, 0.75])
    slow = [
        max(0.25 * g, 0.75 * h)
        for g, h in zip(ordered["objective:mnist"], ordered["objective:sum"], strict=True)
    ]
    np.testing.assert_allclose(ordered["utility"], slow)
    np.testing.assert_allclose(ordered["regret"], np.array(slow) - min(slow))
    assert ordered["decided"].is_monotonic_increasing


def test_the_knee_is_nondominated_and_between_the_ends(every: pd.DataFrame) -> None:
    columns = ["decided:mnist", "decided:sum"]
    place = knee(every)
    objectives = every[columns].to_numpy()
    front = np.flatnonzero(nondominated(objectives))
    assert place in front
    assert (objectives[place] > objectives[front].min(axis=0)).all()


def test_a_model_is_chosen_for_a_preference_and_floors(fusefront: Command) -> None:
    result = fusefront("choose", "default!", "-p", PROBLEM, "--preference", "0.7,0.3", "--top", "2")
    assert result.status == 0, result.err
    assert "chosen on test" in result.out
    assert result.out.splitlines()[-1].startswith("knee: ")
    rows = fusefront("choose", "default!", "-p", PROBLEM, "--floor", "sum=0.4", "--format", "csv")
    header, *models = [line for line in rows.out.splitlines() if line]
    assert header == "algorithm,preference,seed,mnist,sum,utility,regret"
    assert len(models) == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "`-p` must name one problem of these results"),
        (("-p", "digits-mnist-sun"), "Did you mean `digits-mnist-sum`"),
        (("-p", PROBLEM, "--floor", "sum"), "`--floor` must be TASK=VALUE"),
        (("-p", PROBLEM, "--floor", "sum=2"), "the best of each task alone: sum="),
        (("-p", PROBLEM, "--floor", "summ=0.1"), "Found `summ`. Did you mean `sum`"),
        (("-p", PROBLEM, "--preference", "0.7"), "must have one number per task"),
        (("-p", PROBLEM, "--preference", "a,b"), "must be numbers separated by commas"),
        (("-p", PROBLEM, "--preference", "0.7,0.7"), "must sum to 1"),
        (("-p", PROBLEM, "--top", "0"), "`--top` must be a positive integer"),
    ],
)
def test_wrong_options_are_one_line(
    fusefront: Command, options: tuple[str, ...], expected: str
) -> None:
    result = fusefront("choose", "default!", *options)
    assert (result.status, result.out) == (2, "")
    assert expected in result.err
    assert result.err.count("\n") == 1
