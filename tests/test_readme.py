"""The README's code does what the README says."""

import re
import tomllib
from pathlib import Path

import pytest
from tests.benchmark.conftest import run_command

import fusefront

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    found = [
        text
        for text in re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
        if containing in text
    ]
    assert len(found) == 1, f"one {language} block with `{containing}`"
    return str(found[0])


def test_the_plugin_is_short() -> None:
    assert len([line for line in block("python", "class LongSoup").splitlines() if line]) <= 18


def test_the_study_file_is_read(tmp_path: Path) -> None:
    text = block("toml", "study.toml")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    result = run_command("run", tmp_path / "study.toml", "--dry-run")
    assert result.status == 0, result.err
    assert "pwemoe-ls[initial=0.6]" in result.out
    assert tomllib.loads(text)["seeds"] == 5


@pytest.mark.parametrize("name", sorted(entry.name for entry in fusefront.ALGORITHMS))
def test_every_built_in_algorithm_is_in_the_table_of_algorithms(name: str) -> None:
    assert f"`{name}`" in README


def test_the_pre_run_results_load_as_the_readme_says() -> None:
    namespace: dict[str, object] = {}
    exec(block("python", "load_prerun"), namespace)  # the README's own words
    results = namespace["results"]
    assert isinstance(results, fusefront.Results)
    assert results.runs.groupby(["problem", "display_name"])["seed"].nunique().min() >= 3
