"""Plug-ins that misbehave: each becomes a row, none stops the others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from tests.benchmark.conftest import HEAD, PROBLEM, Command, Outcome

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.score import scores as loading

BODIES = {
    "Killed": "os.kill(os.getpid(), 9)",
    "Leaves": "os._exit(0)",
    "Exits": "raise SystemExit(0)",
    "Raises": "raise ValueError('no luck,\\nnone at all')",
    "Garbage": "return 'a front'",
    "Nothing": "pass",
    "NotFinite": """return ConstantSet(
            experts=view.experts, constant=torch.full_like(view.experts.pretrained, float("nan"))
        )""",
    "ListMap": "return MapSet(experts=view.experts, function=lambda p: [0.5, 0.5])",
    "LongMap": """return MapSet(
            experts=view.experts, function=lambda p: Coefficients(values=torch.ones(5))
        )""",
    "NanMap": """return MapSet(
            experts=view.experts, function=lambda p: Coefficients(values=p / 0)
        )""",
    "Unwrapped": """return MapSet(
            experts=view.experts, function=lambda p: Coefficients(values=[0.5, 0.5])
        )""",
    "FewPerTask": """return MapSet(
            experts=view.experts, function=lambda p: PerTask(points=(Coefficients(values=p),))
        )""",
    "Ragged": """return FiniteSet(
            experts=view.experts, points=[Coefficients(values=torch.ones(2))], objectives=[0.1, 0.2]
        )""",
    "Interrupts": "raise KeyboardInterrupt('from the fit')",
    "Moves": """os.chdir("/")
        return zeros(view)""",
    "Shapeless": "return ConstantSet(experts=view.experts, constant=torch.zeros(3))",
    "Spends": "view.budget.charge(10**9)",
    "Unfit": """from fusefront.errors import NotApplicableError
        raise NotApplicableError("needs three tasks")""",
    "Flaky": """if not Path(__file__).with_name("fixed").exists():
            raise RuntimeError("not yet")
        return zeros(view)""",
    "Good": "return zeros(view)",
}
IMPORTS = "from fusefront import FiniteSet, MapSet, PerTask\n"
PLUGIN = (
    HEAD
    + IMPORTS
    + "".join(
        f"""

@ALGORITHMS.register("{name.lower()}")
@dataclass(frozen=True, kw_only=True)
class {name}(Algorithm):
    def fit(self, view, *, generator):
        {body}
"""
        for name, body in BODIES.items()
    )
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("failures") / "bad.py"
    path.write_text(PLUGIN)
    with ALGORITHMS.isolated():
        yield path


@pytest.fixture(scope="module")
def arguments(path: Path) -> list[object]:
    """All plug-ins on one problem, one seed."""
    chosen = [word for name in BODIES for word in ("-a", f"{path}:{name}")]
    budget: list[object] = ["--seeds", 1, "--budget", 1000]
    return ["run", "-p", PROBLEM, *chosen, *budget, "-o", path.parent / "runs", "-j", 2]


@pytest.fixture(scope="module")
def outcome(arguments: list[object], fusefront: Command) -> Outcome:
    return fusefront(*arguments)


@pytest.fixture(scope="module")
def rows(outcome: Outcome, path: Path) -> pd.DataFrame:
    """The runs table after the first command, by algorithm."""
    return loading.load(path.parent / "runs").runs.set_index("algorithm")


@pytest.mark.parametrize(
    ("name", "error_class", "message"),
    [
        (
            "killed",
            "WorkerLost",
            "ended by signal 9 before it wrote its part. The system often sends",
        ),
        ("leaves", "WorkerLost", "ended by exit code 0 before it wrote its part."),
        ("exits", "SystemExit", "0"),
        ("raises", "ValueError", "no luck,\nnone at all"),
        (
            "garbage",
            "PluginResultError",
            "`fit`, and the function given to `view.milestone`, must return a ParetoSet: a "
            "ConstantSet, FiniteSet or MapSet. Found str.",
        ),
        (
            "nothing",
            "PluginResultError",
            "`fit`, and the function given to `view.milestone`, must return a ParetoSet: a "
            "ConstantSet, FiniteSet or MapSet. Found NoneType.",
        ),
        ("notfinite", "PluginResultError", "A model must be finite. Found"),
        ("shapeless", "PluginResultError", "Found (3,) from the ConstantSet at preference ["),
        (
            "listmap",
            "PluginResultError",
            "a PerTask or a Predictor of them. Found list from the function of the MapSet at",
        ),
        (
            "longmap",
            "PluginResultError",
            "Coefficients in space `task` must have the shape (2,). Found (5,) from",
        ),
        ("nanmap", "PluginResultError", "Found 2 of 2 numbers that are NaN or infinite from"),
        (
            "unwrapped",
            "PluginResultError",
            "must be a tensor of real numbers. Found list from",
        ),
        ("fewpertask", "PluginResultError", "one model per task, 2 in all. Found 1 from"),
        ("ragged", "PluginResultError", "Found 1 models, 2 tasks and the shape (2,)."),
        ("interrupts", "KeyboardInterrupt", "from the fit"),
        ("spends", "BudgetExhausted", "needs 1000000000 units. Found 1000 of 1000 left"),
        ("flaky", "RuntimeError", "not yet"),
    ],
)
def test_failure_is_a_row_that_says_why(
    rows: pd.DataFrame, name: str, error_class: str | None, message: str
) -> None:
    row = rows.loc[name]
    assert row["status"] == "failed"
    assert error_class in (None, row["error_class"])
    assert message in row["error_message"]


def test_traceback_shows_the_line_of_the_plug_in(rows: pd.DataFrame) -> None:
    traceback = str(rows.loc["raises", "traceback"])
    assert "bad.py" in traceback
    assert "no luck" in traceback


def test_run_that_does_not_fit_the_problem_is_skipped_with_the_reason(rows: pd.DataFrame) -> None:
    assert rows.loc["unfit", "status"] == "skipped"
    assert rows.loc["unfit", "reason"] == "needs three tasks"


def test_others_go_on(rows: pd.DataFrame) -> None:
    assert rows.loc["good", "status"] == "done"
    assert rows.loc["moves", "status"] == "done"
    assert len(rows) == len(BODIES)


def test_command_reports_every_failure_on_one_line_and_exits_with_1(outcome: Outcome) -> None:
    assert outcome.status == 1
    lines = outcome.err.splitlines()
    again = [line for line in lines if line.startswith("retrying ")]
    assert ["Retry 1 of 2." in line or "Retry 2 of 2." in line for line in again] == [
        True,
        True,
    ]
    assert len(lines) == len(BODIES) + len(again)
    (line,) = [line for line in lines if " raises " in line]
    assert line.startswith("failed ")
    assert f"{PROBLEM} raises seed 0: ValueError: no luck," in line
    assert "2 done, 0 cached, 1 skipped, 17 failed" in outcome.out


def test_failed_runs_have_no_scores_and_are_in_the_table(
    outcome: Outcome, path: Path, fusefront: Command
) -> None:
    scores = loading.load(path.parent / "runs").scores
    assert set(scores["algorithm"]) == {"good", "moves"}
    grid = fusefront("table", path.parent / "runs", "--layout", "grid").out
    assert grid.count("[1 failed]") == 17


def test_status_reports_failed_runs_with_their_reasons(
    outcome: Outcome, path: Path, fusefront: Command
) -> None:
    outcome = fusefront("status", path.parent / "runs")
    assert outcome.status == 1
    assert "done: 2  failed: 17  skipped: 1  missing: 0" in outcome.out
    assert "ValueError: no luck" in outcome.out


def test_failed_runs_are_tried_again_and_only_they(
    rows: pd.DataFrame, path: Path, fusefront: Command
) -> None:
    (path.parent / "fixed").touch()
    flaky, good = (f"{path}:{name}" for name in ("Flaky", "Good"))
    again = fusefront(
        *("run", "-p", PROBLEM, "-a", flaky, "-a", good, "--seeds", 1, "--budget", 1000),
        *("-o", path.parent / "runs"),
    )
    assert again.status == 0
    assert "1 done, 1 cached, 0 skipped, 0 failed" in again.out
    after = loading.load(path.parent / "runs").runs.set_index("algorithm")
    assert after.loc["flaky", "status"] == "done"
    assert str(after.loc["good", "started"]) == str(rows.loc["good", "started"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("class Mine(Algorithm):\n    pass", "abstract"),
        ("class Mine(Algorithm):\n    steps: int\n    def fit(self, view): ...", "steps"),
        ("class Mine:\n    def fit(self, view): ...", "Algorithm"),
        ("class Mine(Algorithm):\n    def fit(self, view): ...", "fit"),
    ],
)
def test_plug_in_that_cannot_work_is_refused_before_anything_runs(
    plugins: Callable[[str], Path], tmp_path: Path, fusefront: Command, body: str, expected: str
) -> None:
    decorators = '@ALGORITHMS.register("mine")\n@dataclass(frozen=True, kw_only=True)\n'
    path = plugins(decorators + body)
    outcome = fusefront("run", "-p", PROBLEM, "-a", f"{path}:Mine", "-o", tmp_path / "runs")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert expected in outcome.err
    assert not (tmp_path / "runs").exists()
