"""The page on studies says what study files do."""

import re
from pathlib import Path

import pytest

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.file import StudyFile, read_study
from fusefront.benchmark.study.limits import SETTINGS, Resources
from fusefront.benchmark.study.study import Study
from fusefront.problems.budget import CAPPED

PAGE = (Path(__file__).parents[1] / "docs" / "studies.md").read_text(encoding="utf-8")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The page's example."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return read_study(tmp_path / "study.toml", ALGORITHMS)


def test_the_example_is_what_it_says(study: Study) -> None:
    assert (study.seeds, study.budget, len(study.problems)) == (5, 50_000, 2)
    assert [spec.display_name for spec in study.algorithms] == [
        "rewarded-soup",
        *(f"PWEMoE, {n} layers from {x}" for x in (0.3, 0.6) for n in (1, 2)),
    ]
    assert study.caps == {"gradient_steps": 2000, "wall_seconds": 600.0}


def test_the_example_resolves_resources_as_it_says(study: Study) -> None:
    runs = study.expand(ALGORITHMS, {spec.name: "abc" for spec in study.problems})
    resources = {run.algorithm.name: run.resources for run in runs}
    assert resources == {
        "rewarded-soup": Resources(timeout_seconds=1800.0, memory_bytes=2**32),
        "pwemoe-ls": Resources(timeout_seconds=1800.0, memory_bytes=2**33, retries=2),
    }


@pytest.mark.parametrize("name", [*StudyFile.model_fields, *SETTINGS, *CAPPED])
def test_every_key_is_on_the_page(name: str) -> None:
    assert re.search(rf"`\[?{name}\]?`", PAGE)
