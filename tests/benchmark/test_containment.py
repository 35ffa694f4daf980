"""Plug-ins cannot move the process, write into its output, or use what their labels exclude."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fusefront import load, load_prerun
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run.labels import check_labels
from fusefront.containment import contained
from fusefront.errors import PluginResultError
from fusefront.problems.budget import Ledger

LOUD = """
print("while loading")


@ALGORITHMS.register("loud")
@dataclass(frozen=True, kw_only=True)
class Loud(Algorithm):
    def fit(self, view, *, generator):
        os.chdir("/")
        print("from python")
        os.system("echo from a subprocess")
        return zeros(view)


@ALGORITHMS.register("secret", data="none", access="weights")
@dataclass(frozen=True, kw_only=True)
class Secret(Algorithm):
    def fit(self, view, *, generator):
        view.objectives(Coefficients(values=torch.ones(len(view.tasks))))
        return zeros(view)
"""


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_plug_in_neither_moves_nor_speaks_for_the_command(
    plugins: Callable[[str], Path], tmp_path: Path, executor: str
) -> None:
    path = plugins(LOUD)
    arguments = [
        *(
            "run",
            "-p",
            "analytic-quadratic",
            "-a",
            f"{path.name}:Loud",
            "-a",
            f"{path.name}:Secret",
        ),
        *("--seeds", "1", "-o", "runs", "--executor", executor, "--json"),
    ]
    program = f"import sys; from fusefront.benchmark.cli import main; sys.argv[1:] = {arguments}"
    main = f"if __name__ == '__main__':\n    {program}; main()"
    (tmp_path / "command.py").write_text(main)
    done = subprocess.run(
        [sys.executable, "command.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    events = sorted(json.loads(line)["event"] for line in done.stdout.splitlines())
    assert events == ["done", "failed", "running", "running"]
    for words in ("while loading", "from python", "from a subprocess"):
        assert words in done.stderr
    runs = load(tmp_path / "runs").runs.set_index("algorithm")
    assert runs.loc["loud", "status"] == "done"
    assert runs.loc["secret", "error_class"] == "PluginResultError"
    assert str(runs.loc["secret", "error_message"]).startswith(
        "`secret` is labelled `data=none`, so its fit must not be charged for units"
    )
    assert runs.loc["secret", "validation_evaluations"] == 1


def test_directory_and_output_are_restored_after_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = Path.cwd()

    def fit() -> None:
        os.chdir(tmp_path)
        os.write(1, b"inside")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), contained():
        fit()
    assert Path.cwd() == before
    os.write(1, b"outside")
    assert capfd.readouterr() == ("outside", "inside")


@pytest.mark.parametrize(
    ("labels", "spent", "reason"),
    [
        (
            {"data": "none"},
            {"units": 30, "unlabelled_examples": 10},
            r"Found 30 units, 10 unlabelled examples\. Register it with `data=unlabelled` or "
            r"`data=labelled`, or",
        ),
        (
            {"data": "unlabelled"},
            {"units": 1_200, "validation_evaluations": 2},
            r"Found 2 validation evaluations\. Register it with `data=labelled`, or",
        ),
        (
            {"data": "labelled", "access": "evaluations"},
            {"units": 3, "gradient_steps": 1},
            r"`access=evaluations`.* Found 1 gradient steps\. Register it with `access=gradients`",
        ),
        ({"access": "weights"}, {"units": 1}, r"with `access=evaluations` or `access=gradients`"),
    ],
)
def test_use_beyond_a_label_is_refused(
    labels: dict[str, str], spent: dict[str, int], reason: str
) -> None:
    with pytest.raises(PluginResultError, match=reason):
        check_labels("mine", labels, Ledger(**spent))


def test_use_within_the_labels_is_accepted() -> None:
    ledger = Ledger(units=9, unlabelled_examples=3, gradient_steps=1, model_builds=1)
    check_labels("mine", {"data": "unlabelled", "access": "gradients"}, ledger)
    check_labels("mine", {"data": "labelled", "access": "gradients"}, ledger)
    check_labels("mine", {}, ledger)  # unknown labels promise nothing
    check_labels("mine", {"data": "none", "access": "weights"}, Ledger(model_builds=7))


def test_archived_runs_keep_their_labels() -> None:
    """Every shipped algorithm, on real problems."""
    for run in load_prerun("comparison").runs.to_dict("records"):
        ledger = Ledger(**{key: int(run[key] or 0) for key in Ledger().as_dict()})
        if run["status"] == "done":
            check_labels(run["algorithm"], ALGORITHMS[run["algorithm"]].labels, ledger)
