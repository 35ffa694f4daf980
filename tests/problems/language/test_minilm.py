from dataclasses import replace
from pathlib import Path

import pytest

from fusefront.errors import MissingDataError
from fusefront.problems.language import minilm as module
from fusefront.problems.language.minilm import RECIPE, minilm
from fusefront.problems.language.tasks import MINILM, TASKS
from fusefront.problems.language.texts.corpus import package_file
from fusefront.problems.trained_experts import FirstUseFamily


def test_the_family_has_its_recipe() -> None:
    family = minilm()
    assert isinstance(family, FirstUseFamily)
    assert family.recipe == RECIPE
    assert RECIPE.name == MINILM.name


@pytest.mark.parametrize("task", MINILM.tasks)
def test_heads_have_one_output_per_class(task: str) -> None:
    assert RECIPE.training(task).n_classes == TASKS[task].classes


def test_an_expert_takes_minutes_and_longer_with_more_texts() -> None:
    longer = replace(RECIPE, most=(("experts", 4000),))
    assert RECIPE.seconds("news") <= 240
    assert longer.seconds("news") > RECIPE.seconds("news")


def test_a_missing_package_is_reported_with_the_install_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> Path:
        return package_file("no-such-package-anywhere", name)

    monkeypatch.setattr(module, "model_file", absent)
    first = next(iter(RECIPE.preflight(["news"])))
    assert not first.ok
    assert "pip install" in first.found
    with pytest.raises(MissingDataError, match="pip install"):
        minilm().prepare(["news"], lambda line: None)
