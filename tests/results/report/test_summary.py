from dataclasses import replace

import pytest
from tests.results.plots.study import TASKS, record
from tests.results.report.pages import of_records

from fusefront.results.report.summary import summary
from fusefront.results.results import Results
from fusefront.results.tables.leaderboard import leaderboard

METRIC = "expected-utility"


def shifted(shifts: dict[int, float], *, broken: int | None = None) -> Results:
    """Algorithms whose objectives are those of the baseline plus a number, on all problems."""
    records = []
    for problem in TASKS:
        base = record(0, problem, 0)
        records.append(base)
        for number, shift in shifts.items():
            own = record(number, problem, 0)
            fronts = [row._replace(objective=row.objective + shift) for row in base.fronts]
            failed = number == broken and problem == "five"
            records.append(
                replace(own, fronts=[], points=[], status="failed", error_class="E")
                if failed
                else replace(own, fronts=fronts)
            )
    return of_records(records)


def sentences(results: Results) -> str:
    board = leaderboard(results, METRIC, direction="minimise", labels={})
    return "\n".join(summary(results, board, METRIC, direction="minimise", labels={}))


def test_algorithms_that_beat_the_baseline_everywhere_are_named() -> None:
    text = sentences(shifted({3: -0.04, 6: 0.1}))
    assert "algorithm-3 has a better mean than rewarded-soup on all 4 problems." in text
    assert "All 12 runs ended with a result." in text


def test_nobody_beats_the_baseline() -> None:
    text = sentences(shifted({3: 0.2, 6: 0.1}))
    assert "Nobody has a better mean than rewarded-soup on all 4 problems." in text


def test_few_problems_resolve_nothing_and_the_number_needed_is_said() -> None:
    text = sentences(shifted({3: -0.04, 6: 0.1}))
    # Two comparisons: 2 * 2 / 2^n <= 0.05 from n = 7 on.
    assert "cannot reach level 0.05; it needs at least 7 problems" in text


def test_an_algorithm_without_all_results_does_not_win_everywhere() -> None:
    text = sentences(shifted({3: -0.04, 6: -0.02}, broken=3))
    assert "algorithm-6 has a better mean" in text
    assert "Of 12 runs, 1 failed; the reasons are below." in text


def test_missing_baseline_is_said() -> None:
    results = of_records([record(3, "five", 0), record(6, "five", 0)])
    assert "rewarded-soup is not among the algorithms" in sentences(results)


@pytest.mark.parametrize("problems", [("five",), ("five", "other-pair")])
def test_baseline_that_failed_is_said(problems: tuple[str, ...]) -> None:
    failed = [
        replace(record(0, name, 0), fronts=[], points=[], status="failed", error_class="E")
        for name in problems
    ]
    results = of_records([*failed, *(record(3, name, 0) for name in problems)])
    assert "rewarded-soup has no complete result" in sentences(results)
