import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError
from fusefront.problems.vision.anchors import score
from fusefront.problems.vision.backbone import build, layout, load_flat
from fusefront.problems.vision.families import FAMILIES
from fusefront.problems.vision.tasks import fingerprint, load_tasks
from fusefront.problems.vision.weights import SHIPPED, load

families = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for suffix in ("safetensors", "json"):
        shutil.copy(SHIPPED / f"smoke.{suffix}", tmp_path)
    return tmp_path


@families
def test_shipped_weights_are_those_of_their_manifest(family: str) -> None:
    content = (SHIPPED / f"{family}.safetensors").read_bytes()
    manifest = json.loads((SHIPPED / f"{family}.json").read_text())
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"] == load(family).sha256


@families
def test_shapes_of_backbone_vectors_and_heads_fit_the_family(family: str) -> None:
    experts = load(family)
    model = build(experts.config)
    n_parameters = sum(p.numel() for p in model.parameters())
    tasks = FAMILIES[family].tasks
    assert experts.tasks == tasks
    assert experts.layout == layout(model)
    assert experts.base.shape == (n_parameters,)
    assert experts.task_vectors.shape == (len(tasks), n_parameters)
    for name in tasks:
        weight, bias = experts.heads[name]
        n_classes = FAMILIES[family].task(name).n_classes
        assert weight.shape == (n_classes, experts.config["hidden_size"])
        assert bias.shape == (n_classes,)
    assert all(t.isfinite().all() for t in (experts.base, experts.task_vectors))


@families
def test_every_expert_is_ten_standard_errors_above_the_base(family: str) -> None:
    found = load(family).resolution
    assert set(found) == set(FAMILIES[family].tasks)
    assert min(found.values()) >= 10


@families
def test_manifest_has_anchors_and_averages_for_every_task(family: str) -> None:
    experts = load(family)
    tasks = set(experts.tasks)
    for split in ("calibration", "validation", "test"):
        assert set(experts.anchors[split]) == tasks | {"base"}
        assert all(set(scores) == tasks for scores in experts.anchors[split].values())
    expected = {"+".join(s): set(s) for s in FAMILIES[family].subsets}
    assert {name: set(scores) for name, scores in experts.averages.items()} == expected


def test_no_family_takes_more_than_six_megabytes() -> None:
    for family in FAMILIES:
        sizes = [path.stat().st_size for path in SHIPPED.glob(f"{family}.*")]
        assert len(sizes) == 2
        assert sum(sizes) < 6_000_000


def test_the_manifest_of_garments_names_the_images_of_every_source() -> None:
    images = load("garments").images
    assert set(images) == {"mnist", "fashion"}
    assert images["mnist"] == fingerprint("garments", "mnist")


@pytest.mark.parametrize("name", ["base", "negated"])
def test_smoke_anchors_are_reproduced_by_a_plain_forward(name: str) -> None:
    experts = load("smoke")
    flat = experts.base
    if name != "base":
        flat = flat + experts.task_vectors[experts.tasks.index(name)]
    model = build(experts.config, experts.layout)
    load_flat(model, flat)
    splits = {task: data.test for task, data in load_tasks("smoke", experts.tasks).items()}
    for task, found in score(model, experts.heads, splits).items():
        stored = experts.anchors["test"][name][task]
        assert found["n"] == stored["n"]
        assert abs(found["accuracy"] - stored["accuracy"]) * stored["n"] < 1.5
        assert found["loss"] == pytest.approx(stored["loss"], abs=1e-3)


def test_a_damaged_file_is_refused_with_the_mend(copy: Path) -> None:
    path = copy / "smoke.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"smoke\.safetensors.*fusefront retrain smoke"):
        load("smoke", copy)


def test_a_file_that_is_no_safetensors_is_refused_even_if_its_hash_fits(copy: Path) -> None:
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


def test_a_manifest_that_lacks_a_key_is_refused(copy: Path) -> None:
    (copy / "smoke.json").write_text('{"sha256": ""}')
    with pytest.raises(IntegrityError, match="no config, layout"):
        load("smoke", copy)


def test_loading_the_copy_equals_the_shipped_weights(copy: Path) -> None:
    assert torch.equal(load("smoke", copy).task_vectors, load("smoke").task_vectors)
