import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError
from fusefront.problems.frozen_experts import load, rounded
from fusefront.problems.language import tiny_gpt2
from fusefront.problems.vision import small_vit

SHIPPED = {
    "digits": small_vit.SHIPPED,
    "smoke": small_vit.SHIPPED,
    "garments": small_vit.SHIPPED,
    "tiny-gpt2": tiny_gpt2.SHIPPED,
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the two files of `smoke`."""
    for suffix in ("safetensors", "json"):
        shutil.copy(SHIPPED["smoke"] / f"smoke.{suffix}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_match_their_manifest(name: str) -> None:
    content = (SHIPPED[name] / f"{name}.safetensors").read_bytes()
    manifest = json.loads((SHIPPED[name] / f"{name}.json").read_text())
    expected = hashlib.sha256(content).hexdigest()
    assert manifest["sha256"] == load(name, SHIPPED[name]).sha256 == expected


def test_the_pool_has_the_requested_experts_in_the_requested_order() -> None:
    frozen = load("smoke", SHIPPED["smoke"])
    pool = frozen.pool(["negated", "left"])
    assert pool.names == ("negated", "left")
    assert torch.equal(pool.task_vectors, frozen.task_vectors[[2, 0]])
    pool.pretrained.zero_()
    assert frozen.pretrained.abs().sum() > 0


def test_a_damaged_file_is_refused_with_a_way_to_fix_it(copy: Path) -> None:
    path = copy / "smoke.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"smoke\.safetensors.*fusefront retrain smoke"):
        load("smoke", copy)


def test_a_file_that_is_not_safetensors_is_refused_even_if_its_hash_matches(copy: Path) -> None:
    (copy / "smoke.safetensors").write_bytes(b"nothing of the kind")
    manifest = json.loads((copy / "smoke.json").read_text())
    manifest["sha256"] = hashlib.sha256(b"nothing of the kind").hexdigest()
    (copy / "smoke.json").write_text(json.dumps(manifest))
    with pytest.raises(IntegrityError, match=r"smoke\.safetensors"):
        load("smoke", copy)


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
def test_a_missing_file_is_refused_by_name(copy: Path, suffix: str) -> None:
    (copy / f"smoke.{suffix}").unlink()
    with pytest.raises(IntegrityError, match=rf"smoke\.{suffix}"):
        load("smoke", copy)


@pytest.mark.parametrize(
    ("text", "found"),
    [("{}", "no sha256"), ("[", "JSONDecodeError"), ('{"sha256": ""}', "no config, layout")],
)
def test_a_damaged_manifest_is_refused(copy: Path, text: str, found: str) -> None:
    (copy / "smoke.json").write_text(text)
    with pytest.raises(IntegrityError, match=rf"smoke\.json.*{found}"):
        load("smoke", copy)


def test_a_copy_loads_the_same_experts(copy: Path) -> None:
    original = load("smoke", SHIPPED["smoke"])
    assert torch.equal(load("smoke", copy).task_vectors, original.task_vectors)


def test_rounding_keeps_what_half_precision_can_hold() -> None:
    assert rounded(torch.tensor([1 + 2**-12, 0.5])).tolist() == [1.0, 0.5]
