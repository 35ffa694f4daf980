import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError
from fusefront.problems.frozen_experts import rounded
from fusefront.problems.language.tasks import TASKS, TINY_GPT2
from fusefront.problems.language.tiny_gpt2 import NAME, SHIPPED, LastToken, load_shipped
from fusefront.problems.network import trainable

FILES = (f"{NAME}.json", f"{NAME}.safetensors", f"{NAME}-vocabulary.json")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


def test_shipped_files_match_their_manifest() -> None:
    manifest = json.loads((SHIPPED / f"{NAME}.json").read_text())
    for name, key in ((FILES[1], "sha256"), (FILES[2], "vocabulary_sha256")):
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == manifest[key]


def test_all_files_together_stay_below_eight_megabytes() -> None:
    assert {path.name for path in SHIPPED.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 8_000_000


def test_shapes_of_backbone_vectors_and_heads_fit_the_family() -> None:
    experts = load_shipped()
    layout, _ = trainable(LastToken(experts.manifest["config"]))
    assert experts.tasks == TINY_GPT2.tasks
    assert experts.layout == layout
    assert experts.pretrained.shape == (layout.size,)
    assert experts.task_vectors.shape == (len(experts.tasks), layout.size)
    for task in experts.tasks:
        weight, bias = experts.head(task)
        assert weight.shape == (TASKS[task].classes, experts.manifest["config"]["n_embd"])
        assert bias.shape == (TASKS[task].classes,)
    for tensor in (experts.pretrained, experts.task_vectors, *experts.embeddings.values()):
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()


def test_task_vectors_and_embeddings_are_exact_in_half_precision() -> None:
    experts = load_shipped()
    for tensor in (experts.task_vectors, *experts.embeddings.values()):
        assert torch.equal(rounded(tensor), tensor)


def test_every_expert_is_ten_standard_errors_above_the_pretrained_model() -> None:
    scores = load_shipped().manifest["scores"]
    assert tuple(scores) == TINY_GPT2.tasks
    for task, score in scores.items():
        assert score["n"] >= 1000, task
        assert score["resolution"] >= 10, task


@pytest.mark.parametrize("name", FILES[1:])
def test_a_damaged_file_is_refused_with_a_way_to_fix_it(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[-2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{name}.*sha256.*fusefront retrain tiny-gpt2"):
        load_shipped(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        load_shipped(copy)
