"""The example of docs/own-experts.md does what the page says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.benchmark.cli.new import PROBLEM
from fusefront.problems.custom import problem_entry

GUIDE = (Path(__file__).parents[3] / "docs" / "own-experts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)
    return str(found)


def test_the_toml_of_the_guide_is_valid(tmp_path: Path) -> None:
    (tmp_path / "odd-large.toml").write_text(block("toml"))
    assert problem_entry(tmp_path / "odd-large.toml").labels["modality"] == "vision"


def test_keys_that_the_guide_names_are_explained_by_new_problem() -> None:
    text = PROBLEM.substitute(name="n", file="f")
    for key in re.findall(r"`(\w+) = ", GUIDE):
        assert f"{key} = " in text, key


@pytest.mark.slow
def test_the_experts_of_the_guide_are_a_problem(tmp_path: Path) -> None:
    script = block("python").replace("epochs=15", "epochs=5")  # less than readers train
    (tmp_path / "make_experts.py").write_text(script)
    (tmp_path / "odd-large.toml").write_text(block("toml"))
    subprocess.run([sys.executable, "make_experts.py"], cwd=tmp_path, check=True, timeout=600)
    problem = problem_entry(tmp_path / "odd-large.toml").load()()
    problem.prepare(lambda line: None)
    anchors = problem.anchors("test")
    assert (anchors.expert - anchors.pretrained > 0.05).all()
