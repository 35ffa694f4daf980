"""`fusefront stats` and `fusefront power`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmark.conftest import Command

ROWS = [
    f"p{k},{name},{seed},{0.5 + shift + 0.01 * ((k + seed) % 3)}"
    for k in range(8)
    for name, shift in (("mine", 0.2), ("soup", 0.0), ("other", 0.001 * (-1) ** k))
    for seed in range(2)
]


@pytest.fixture
def scores(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "scores.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_own_numbers_are_ranked_and_tested(
    fusefront: Command, scores: Callable[[str], Path]
) -> None:
    path = scores("\n".join(["problem,algorithm,seed,value", *ROWS]))
    result = fusefront("stats", path, "--baseline", "soup", "--format", "csv")
    assert result.status == 0, result.err
    header, first, *others = [line.split(",") for line in result.out.splitlines() if line]
    assert header[:2] == ["algorithm", "rank"]
    assert first[0] == "mine"
    assert "8/0/0 +" in first
    assert {line[0] for line in others} == {"soup", "other"}
    text = fusefront("stats", path).out
    assert "mine is the best of 3 algorithms by value on 8 problems, beyond chance." in text
    assert "Friedman's test of 3 algorithms on 8 problems" in text
    reverse = fusefront("stats", path, "--direction", "minimise", "--format", "csv").out
    assert reverse.split()[-1].startswith("mine") or "mine" in reverse.splitlines()[-2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "must be a CSV file with a header"),
        ("problem,algorithm\np,a\n", "Found no column value"),
        ("problem,algorithm,value\n", "Found no rows"),
        ("problem,algorithm,value\np,a,many\n", "Found `many` in line 2"),
        ("problem,algorithm,value\np,a,1\np,b,inf\n", "Found `inf` in line 3"),
        ("problem,algorithm,value\np,a,1\np,a,2\n", "a second one in line 3: a, p, 0"),
    ],
)
def test_a_wrong_file_is_one_line(
    fusefront: Command, scores: Callable[[str], Path], text: str, expected: str
) -> None:
    result = fusefront("stats", scores(text))
    assert (result.status, result.out) == (2, "")
    assert expected in result.err
    assert result.err.count("\n") == 1


def test_a_missing_file_and_wrong_options_are_one_line(
    fusefront: Command, scores: Callable[[str], Path], tmp_path: Path
) -> None:
    path = scores("problem,algorithm,value\np,a,1\n")
    for arguments, expected in (
        ((tmp_path / "none.csv",), "none.csv` must be a CSV file. Found no such file"),
        ((path, "--direction", "up"), "`--direction` must be maximise or minimise"),
        ((path, "--baseline", "b"), "Algorithm"),
        ((path, "--baseline", "a", "--test", "t"), "Test"),
    ):
        result = fusefront("stats", *arguments)
        assert (result.status, result.out) == (2, "")
        assert expected in result.err
        assert result.err.count("\n") == 1


def test_a_value_that_is_missing_ranks_last_there(
    fusefront: Command, scores: Callable[[str], Path]
) -> None:
    path = scores("problem,algorithm,value\np,a,1\np,b,2\nq,a,1\nq,b,\n")
    out = fusefront("stats", path, "--format", "csv").out
    assert "2.000 (incomplete)" in out


def test_power_says_how_many_problems_a_difference_needs(fusefront: Command) -> None:
    text = fusefront("power", "default!", "map", "rewarded-soup").out
    assert text.startswith("map is better than rewarded-soup by")
    assert "problems needed: " in text
    found = json.loads(fusefront("power", "default!", "map", "rewarded-soup", "--json").out)
    assert found["problems"] == 18
    assert found["over_examples"] is None
    more = json.loads(
        fusefront("power", "default!", "map", "rewarded-soup", "--power", "0.99", "--json").out
    )
    assert more["problems_needed"] > found["problems_needed"]
    one = fusefront("power", "default!", "map", "rewarded-soup", "-p", "digits-all").out
    assert "problems needed: unknown, since there is one problem" in one


def test_a_metric_that_cannot_rank_is_one_line(fusefront: Command) -> None:
    only = ("comparison!", "-p", "digits-all", "--metric", "hypervolume")
    result = fusefront("table", *only)
    assert (result.status, result.out) == (2, "")
    assert "`hypervolume` must be able to rank algorithms on a problem" in result.err
    assert result.err.count("\n") == 1
    assert fusefront("table", *only, "--layout", "grid").status == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("map", "soup"), "Algorithm"),
        (("map", "rewarded-soup", "--power", "2"), "`--power` must be between 0 and 1. Found 2."),
        (("map", "rewarded-soup", "--metric", "hv"), "Found `hv`"),
    ],
)
def test_wrong_arguments_of_power_are_one_line(
    fusefront: Command, arguments: tuple[str, ...], expected: str
) -> None:
    result = fusefront("power", "default!", *arguments)
    assert (result.status, result.out) == (2, "")
    assert expected in result.err
    assert result.err.count("\n") == 1
