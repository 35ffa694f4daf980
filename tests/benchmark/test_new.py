"""Files that `fusefront new` writes work with the commands that read them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.benchmark.conftest import run_command

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.cli.new import PROBLEM
from fusefront.problems.custom import problem_file
from fusefront.testing.toy_problem import open_view, toy_problem


def test_new_problem_is_valid_and_doctor_reports_its_missing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    made = run_command("new", "problem", "my-pair")
    assert (made.status, made.err) == (0, "")
    found = problem_file.read_problem_file(tmp_path / "my-pair.toml")
    assert found.name == "my-pair"
    looked = run_command("doctor", "--problem", "my-pair.toml")
    assert looked.status == 1
    assert "checkpoints/pretrained" in looked.out


def test_new_problem_explains_every_key() -> None:
    text = PROBLEM.substitute(name="n", file="f")
    for table in (problem_file.ProblemFile, problem_file.CustomTask, problem_file.CustomData):
        for key in table.model_fields:
            assert re.search(rf"^(# )?(\[*(tasks\.)?{key}\]+|{key} = )", text, re.MULTILINE), key


@pytest.fixture
def isolated() -> Iterator[None]:
    with ALGORITHMS.isolated():
        yield


@pytest.mark.usefixtures("isolated")
def test_new_algorithm_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run_command("new", "algorithm", "my-merge", "-o", "plugins")
    assert made.status == 0
    assert "./plugins/my_merge.py:MyMerge" in made.out
    arguments = ["-p", "smoke-left-right", "-a", "./plugins/my_merge.py:MyMerge[scale=1.5]"]
    planned = run_command("run", *arguments, "--seeds", 1, "-o", "runs/x", "--dry-run")
    assert planned.status == 0, planned.err
    assert "my-merge[scale=1.5]" in planned.out
    algorithm = ALGORITHMS["my-merge"].make(scale=1.5)
    found = algorithm.fit(open_view(toy_problem(2)), generator=torch.Generator())
    coefficients = found.coefficients(np.array([0.2, 0.8]))
    assert coefficients is not None
    np.testing.assert_allclose(coefficients.values, [0.3, 1.2])


@pytest.mark.parametrize("kind", ["problem", "algorithm"])
def test_existing_file_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ("mine.toml" if kind == "problem" else "mine.py")
    path.write_text("precious")
    made = run_command("new", kind, "mine")
    assert made.status == 2
    assert "must not exist yet" in made.err
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("metric", "mine"), "must be problem or algorithm"),
        (("problem", "My Pair"), "lower-case words"),
        (("problem", "../escape"), "lower-case words"),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[str, str], reason: str) -> None:
    made = run_command("new", *arguments)
    assert made.status == 2
    assert reason in made.err


def check(target: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `fusefront check` in its own process, because pytest does not run inside pytest."""
    return subprocess.run(
        [sys.executable, "-m", "fusefront.benchmark", "check", target],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_finds_a_violation_of_the_contract(tmp_path: Path) -> None:
    good = check("rewarded-soup", tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.endswith(" promises kept, 0 broken\n")
    run_command("new", "algorithm", "my-merge", "-o", tmp_path)
    file = tmp_path / "my_merge.py"
    assert check("my_merge.py:MyMerge", tmp_path).returncode == 0
    file.write_text(file.read_text().replace('data="none"', 'data="labelled"'))
    wrong = check("my_merge.py:MyMerge", tmp_path)
    assert wrong.returncode == 1
    assert (
        "broken: data label states which data is used\n"
        "  The label `data` is the data that `fit` uses. Expected: labelled. Found: none.\n"
    ) in wrong.stdout
    assert "AssertionError" not in wrong.stdout
    assert wrong.stdout.endswith(" promises kept, 1 broken\n")
    file.write_text(
        file.read_text().replace(
            "def coefficients(", "raise ValueError('no luck')\n\n        def c("
        )
    )
    raising = check("my_merge.py:MyMerge", tmp_path)
    assert raising.stdout.count("broken: ") == 1
    assert "  Expected: no error. Found: ValueError: no luck (my_merge.py:" in raising.stdout
    unknown = check("rewarded-soap", tmp_path)
    assert unknown.returncode == 2
    assert "rewarded-soup" in unknown.stderr
