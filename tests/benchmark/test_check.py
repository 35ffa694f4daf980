"""`fusefront check` reports the cause of a broken fit once, whichever promises depend on it."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = """
from dataclasses import dataclass

from fusefront import ALGORITHMS, Algorithm, Coefficients, MapSet


@ALGORITHMS.register(
    "mine",
    summary="Scaled preferences",
    source="-",
    output="map",
    data="none",
    access="weights",
    space="task",
    track="inductive",
    delivery="model",
)
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    \"\"\"An algorithm with one fault.\"\"\"

    def fit(self, view, *, generator):
        BEFORE

        def coefficients(preference):
            return POINT

        return RESULT
"""
RIGHT = {
    "BEFORE": "pass",
    "POINT": "Coefficients(values=preference)",
    "RESULT": "MapSet(experts=view.experts, function=coefficients)",
}
POINT = "a Pareto set has a point for every preference"


def check(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `fusefront check` in its own process, because pytest does not run inside pytest."""
    content = PLUGIN
    for name, code in (RIGHT | changes).items():
        content = content.replace(name, code)
    (folder / "mine.py").write_text(content)
    return subprocess.run(
        [sys.executable, "-m", "fusefront.benchmark", "check", "mine.py:Mine"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "promise", "finding"),
    [
        (
            {"POINT": "None"},
            POINT,
            "A model must be Coefficients or a tensor of all parameters; a point may also be a "
            "PerTask or a Predictor of them. Found NoneType from the function of the MapSet at "
            "preference [1.0, 0.0, 0.0].",
        ),
        (
            {"POINT": "Coefficients(values=preference / 0)"},
            POINT,
            "Coefficients in space `task` must be finite. Found 3 of 3 numbers that are NaN or "
            "infinite from the function of the MapSet at preference [1.0, 0.0, 0.0].",
        ),
        (
            {"POINT": "exit()"},
            POINT,
            "Expected: no error. Found: SystemExit: None (mine.py:26).",
        ),
        (
            {"BEFORE": 'raise SystemExit("no licence.")'},
            "a fit within 3,000 units ends without an error",
            "Expected: no error. Found: SystemExit: no licence (mine.py:23).",
        ),
        (
            {"RESULT": "None"},
            "a fit within 3,000 units returns a Pareto set",
            "`fit` returns a ParetoSet. Expected: a ConstantSet, FiniteSet or MapSet. "
            "Found: NoneType.",
        ),
    ],
    ids=["no-point", "infinite-point", "exit-in-map", "exit-in-fit", "no-set"],
)
def test_one_cause_is_one_line(
    tmp_path: Path, changes: dict[str, str], promise: str, finding: str
) -> None:
    done = check(tmp_path, **changes)
    expected = f"broken: {promise}\n  {finding}\n3 promises kept, 1 broken, 18 not tested\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, expected, "")


def test_a_fault_of_small_budgets_only_is_named_with_its_budget(tmp_path: Path) -> None:
    done = check(tmp_path, BEFORE="assert view.budget.units >= 1000, 'too small.'")
    assert done.stdout == (
        "broken: a fit within 0 units ends without an error\n"
        "  Expected: no error. Found: AssertionError: too small (mine.py:23).\n"
        "19 promises kept, 1 broken, 1 not tested\n"
    )
    assert done.returncode == 1


def test_an_interrupt_by_the_algorithm_is_its_fault(tmp_path: Path) -> None:
    done = check(tmp_path, BEFORE="raise KeyboardInterrupt")
    assert done.stdout.startswith(
        "broken: a fit is not interrupted\n"
        "  Expected: no error. Found: KeyboardInterrupt (mine.py:23).\n"
    )
    assert done.returncode == 1


def test_without_a_fault_all_promises_are_kept(tmp_path: Path) -> None:
    assert check(tmp_path).stdout == "21 promises kept, 0 broken\n"
