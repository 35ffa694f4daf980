from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from tests.problems.language import standins
from torch.nn import functional

from fusefront.problems.fine_tuning import Schedule
from fusefront.problems.language import data, recipe, tiny_gpt2
from fusefront.problems.language.recipe import Pretraining, TinyGpt2Recipe, train
from fusefront.problems.language.splits import SOURCES, Sizes
from fusefront.problems.language.tiny_gpt2 import TinyGpt2Family, load_shipped

SIZES = Sizes(experts=80, calibration=10, validation=10, test=30)
SHRUNKEN = TinyGpt2Recipe(
    config={
        "vocab_size": 300,
        "n_positions": 12,
        "n_embd": 16,
        "n_layer": 1,
        "n_head": 2,
        "bos_token_id": None,
        "eos_token_id": None,
    },
    length=12,
    tasks=("news", "sentiment"),
    corpora=("glosses", "newsgroups", "reviews"),
    pretraining=Pretraining(epochs=4, learning_rate=3e-3, batch=16),
    fine_tuning=Schedule(epochs=6, learning_rate=3e-3, batch=16),
)


class Trained(NamedTuple):
    """Two equal trainings, the lines of the first, and losses before and after per task."""

    one: Path
    two: Path
    lines: list[str]
    losses: dict[str, tuple[float, float]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two trainings on stand-ins."""
    folder = tmp_path_factory.mktemp("language")
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        standins.install(folder / "site", folder / "texts", patch, n=200)
        patch.setenv("FUSEFRONT_CACHE", str(folder / "cache"))
        for module in (data, recipe):
            patch.setattr(module, "SIZES", dict.fromkeys(SOURCES, SIZES))
        train(folder / "one", report=lines.append, recipe=SHRUNKEN)
        train(folder / "two", report=lambda line: None, recipe=SHRUNKEN)
        patch.setattr(tiny_gpt2, "SHIPPED", folder / "one")
        return Trained(folder / "one", folder / "two", lines, losses())


def losses() -> dict[str, tuple[float, float]]:
    """Mean cross-entropy of pretrained model and expert on the expert's training examples."""
    family = TinyGpt2Family()
    pool, found = family.pool(SHRUNKEN.tasks), {}
    for task, vector in zip(SHRUNKEN.tasks, pool.task_vectors, strict=True):
        (head,), seen = family.heads([task]), family._data.examples(task, "experts")
        both = []
        for params in (pool.pretrained, pool.pretrained + vector):
            named = pool.layout.unflatten(params)
            features = torch.func.functional_call(family.backbone(), named, (seen.inputs,))
            both.append(
                float(functional.cross_entropy(functional.linear(features, *head), seen.labels))
            )
        found[task] = (both[0], both[1])
    return found


def test_the_weights_of_a_small_recipe_load(trained: Trained) -> None:
    experts = load_shipped(trained.one)
    assert experts.tasks == SHRUNKEN.tasks
    assert experts.task_vectors.abs().sum(dim=1).min() > 0
    assert set(experts.embeddings) == {"gpt2.wte.weight", "gpt2.wpe.weight"}


def test_training_twice_gives_the_same_files(trained: Trained) -> None:
    names = sorted(path.name for path in trained.one.iterdir())
    assert len(names) == 3
    for name in names:
        assert (trained.one / name).read_bytes() == (trained.two / name).read_bytes()


def test_an_expert_has_learned_its_own_task_under_the_frozen_head(trained: Trained) -> None:
    for before, after in trained.losses.values():
        assert after < 0.8 * before


def test_scores_are_measured_on_test(trained: Trained) -> None:
    for score in load_shipped(trained.one).manifest["scores"].values():
        assert score["n"] == SIZES.test
        assert 0 <= score["pretrained"] <= score["expert"] <= 1


def test_every_stage_is_reported(trained: Trained) -> None:
    text = "\n".join(trained.lines)
    assert "windows of" in text
    assert "language model" in text
    for task in SHRUNKEN.tasks:
        assert f"expert {task}" in text
