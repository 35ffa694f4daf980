import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError
from fusefront.problems.language.tasks import TASKS, TINY_GPT2
from fusefront.problems.language.tiny_gpt2 import LastToken
from fusefront.problems.language.weights import NAME, SHIPPED, load, rounded
from fusefront.problems.network import trainable

FILES = (f"{NAME}.json", f"{NAME}.safetensors", f"{NAME}-vocabulary.json")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


def test_shipped_files_are_those_of_their_manifest() -> None:
    manifest = json.loads((SHIPPED / f"{NAME}.json").read_text())
    for name, key in ((FILES[1], "sha256"), (FILES[2], "vocabulary_sha256")):
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == manifest[key]


def test_all_files_together_stay_below_eight_megabytes() -> None:
    assert {path.name for path in SHIPPED.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 8_000_000


def test_shapes_of_backbone_vectors_and_heads_fit_the_family() -> None:
    experts = load()
    layout, _ = trainable(LastToken(experts.config))
    assert experts.tasks == TINY_GPT2.tasks
    assert experts.layout == layout
    assert experts.base.shape == (layout.size,)
    assert experts.task_vectors.shape == (len(experts.tasks), layout.size)
    for task in experts.tasks:
        weight, bias = experts.heads[task]
        assert weight.shape == (TASKS[task].classes, experts.config["n_embd"])
        assert bias.shape == (TASKS[task].classes,)
    for tensor in (experts.base, experts.task_vectors, *experts.embeddings.values()):
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()


def test_task_vectors_and_embeddings_are_exactly_what_half_precision_holds() -> None:
    experts = load()
    for tensor in (experts.task_vectors, *experts.embeddings.values()):
        assert torch.equal(rounded(tensor), tensor)


def test_every_expert_is_ten_standard_errors_above_the_base() -> None:
    scores = load().scores
    assert tuple(scores) == TINY_GPT2.tasks
    for task, score in scores.items():
        assert score["n"] >= 1000, task
        assert score["resolution"] >= 10, task


@pytest.mark.parametrize("name", FILES[1:])
def test_a_damaged_file_is_refused_with_the_mend(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[-2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{name}.*sha256.*fusefront retrain tiny-gpt2"):
        load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        load(copy)


def test_a_file_that_is_no_safetensors_is_refused_even_if_its_hash_fits(copy: Path) -> None:
    (copy / FILES[1]).write_bytes(b"nothing of the kind")
    manifest = json.loads((copy / FILES[0]).read_text())
    manifest["sha256"] = hashlib.sha256(b"nothing of the kind").hexdigest()
    (copy / FILES[0]).write_text(json.dumps(manifest))
    with pytest.raises(IntegrityError, match=r"tiny-gpt2\.safetensors"):
        load(copy)


@pytest.mark.parametrize(("text", "found"), [("{}", "no sha256"), ("[", "JSONDecodeError")])
def test_a_damaged_manifest_is_refused(copy: Path, text: str, found: str) -> None:
    (copy / FILES[0]).write_text(text)
    with pytest.raises(IntegrityError, match=rf"tiny-gpt2\.json.*{found}"):
        load(copy)
