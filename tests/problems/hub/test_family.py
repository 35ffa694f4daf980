"""Weights and data of a suite are found, downloaded and kept; misfits are refused."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.problems.hub.conftest import CLIP_TASKS

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.hub import repositories
from fusefront.problems.hub.family import HubFamily, HubProblem
from fusefront.problems.hub.suites import SUITES

SUITE = SUITES["clip-vit-b32"]
EXPERT = SUITE.expert("mnist")


@pytest.fixture
def own(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the mirror that a test may alter, an empty cache, and no hub."""
    folder = tmp_path / "mirror"
    shutil.copytree(mirror, folder)
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(folder))
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Check again in every test whether the hub can be reached."""
    repositories.unreachable.cache_clear()
    yield
    repositories.unreachable.cache_clear()


def family() -> HubFamily:
    return HubFamily(suite=SUITE)


def quiet(line: str) -> None:
    """Drop a line of progress."""


def found(what: str) -> tuple[bool, str]:
    (line,) = [f for f in family().preflight(CLIP_TASKS) if f.what.startswith(what)]
    return line.ok, line.found


def change(folder: Path, **tensors: torch.Tensor | None) -> None:
    """Replace or remove tensors of an expert."""
    path = folder / EXPERT / "model.safetensors"
    changed = load_file(path) | {
        f"vision_model.{k}": v for k, v in tensors.items() if v is not None
    }
    for name, tensor in tensors.items():
        if tensor is None:
            del changed[f"vision_model.{name}"]
    save_file(changed, path)


def test_everything_needed_is_found_in_a_mirror(own: Path) -> None:
    lines = list(family().preflight(CLIP_TASKS))
    assert all(line.ok for line in lines)
    assert found("datasets/tanganke/eurosat")[1].startswith("in the mirror: 120 train, 60 test")
    assert "41,984 merged" in found(SUITE.pretrained)[1]


def test_preflight_knows_what_is_encoded(own: Path) -> None:
    family().prepare(CLIP_TASKS, quiet)
    assert found("datasets/ylecun/mnist") == (
        True,
        "encoded: 108 calibration, 12 validation, 60 test",
    )


def test_a_second_preparation_does_nothing(own: Path) -> None:
    lines: list[str] = []
    family().prepare(CLIP_TASKS, lines.append)
    assert any("encoding MNIST" in line for line in lines)
    lines.clear()
    family().prepare(CLIP_TASKS, lines.append)
    assert lines == []


def test_a_pair_is_a_view_of_the_stored_task_vectors(own: Path) -> None:
    family().prepare(CLIP_TASKS, quiet)
    pool = family().pool(CLIP_TASKS)
    assert pool.task_vectors.stride() == (3 * pool.layout.size, 1)  # eurosat and mnist: 3 apart
    turned = family().pool(CLIP_TASKS[::-1])
    assert torch.equal(pool.task_vectors, turned.task_vectors.flip(0))
    stored = load_file(own / EXPERT / "model.safetensors")
    base = load_file(own / SUITE.pretrained / "model.safetensors")
    name = "vision_model.encoder.layers.1.mlp.fc2.weight"
    vector = pool.layout.unflatten(pool.task_vectors[1])[name.removeprefix("vision_model.")]
    assert torch.equal(vector, stored[name] - base[name])


def test_a_missing_expert_is_named_quickly_in_one_line(own: Path) -> None:
    shutil.rmtree(own / EXPERT)
    start = time.perf_counter()
    with pytest.raises(MissingDataError) as error:
        family().prepare(CLIP_TASKS, quiet)
    assert time.perf_counter() - start < 5
    assert str(error.value) == (
        f"`{EXPERT}` needs the Hugging Face hub or a mirror. Found neither: the hub is switched "
        "off by HF_HUB_OFFLINE. Use `pip install 'fusefront[hub]'` and go online, or set "
        "FUSEFRONT_MIRROR to a folder that holds it."
    )
    assert found(EXPERT)[0] is False


def test_without_a_mirror_one_line_names_everything_missing(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FUSEFRONT_MIRROR")
    with pytest.raises(MissingDataError, match="and 2 more need the Hugging Face hub") as error:
        family().prepare(CLIP_TASKS, quiet)
    assert "\n" not in str(error.value)
    assert not any(line.ok for line in family().preflight(CLIP_TASKS))


def test_an_unreachable_hub_is_reported_quickly(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUSEFRONT_MIRROR")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    start = time.perf_counter()
    with pytest.raises(MissingDataError, match=r"http://127.0.0.1:9 does not answer: "):
        family().prepare(CLIP_TASKS, quiet)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"pre_layrnorm.weight": None}, "`pre_layrnorm.weight` is not in the expert"),
        (
            {"post_layernorm.bias": torch.zeros(48)},
            "`post_layernorm.bias` is (48,), but the pretrained model has (32,)",
        ),
        ({"embeddings.extra": torch.zeros(2)}, "`vision_model.embeddings.extra` is not merged"),
    ],
)
def test_an_expert_that_does_not_fit_is_refused_with_the_reason(
    own: Path, tensors: dict[str, torch.Tensor | None], reason: str
) -> None:
    change(own, **tensors)
    ok, line = found(EXPERT)
    assert not ok
    assert reason in line
    with pytest.raises(IntegrityError) as error:
        family().prepare(CLIP_TASKS, quiet)
    assert reason in str(error.value)


def test_an_expert_with_a_different_configuration_is_refused(own: Path) -> None:
    path = own / EXPERT / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hidden_act": "gelu"}))
    assert "`hidden_act` gelu, but the pretrained model has quick_gelu" in found(EXPERT)[1]


def test_pickles_are_refused(own: Path) -> None:
    (own / EXPERT / "model.safetensors").unlink()
    (own / EXPERT / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(IntegrityError, match="a pickle"):
        family().prepare(CLIP_TASKS, quiet)


def test_changed_weights_of_the_same_name_are_refused(own: Path) -> None:
    family().prepare(CLIP_TASKS, quiet)
    change(own, **{"post_layernorm.bias": torch.ones(32)})
    with pytest.raises(
        IntegrityError, match=f"`{EXPERT}` must have the weights that were used first"
    ):
        family().prepare(CLIP_TASKS, quiet)


def test_changed_data_of_the_same_name_are_refused(own: Path) -> None:
    family().prepare(CLIP_TASKS, quiet)
    state = own / "datasets/ylecun/mnist/test/state.json"
    state.write_text(state.read_text().replace('"_fingerprint": "', '"_fingerprint": "other'))
    ok, line = found("datasets/ylecun/mnist")
    assert not ok
    assert "calibration was encoded from mirror" in line
    with pytest.raises(IntegrityError, match="must be the data that was used first"):
        family().prepare(CLIP_TASKS, quiet)


def test_a_copy_of_the_mirror_is_equivalent(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family().prepare(CLIP_TASKS, quiet)
    shutil.copytree(own, tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "copy"))
    family().prepare(CLIP_TASKS, quiet)
    assert all(line.ok for line in family().preflight(CLIP_TASKS))


def test_hash_depends_on_experts_and_data(own: Path, tmp_path: Path) -> None:
    def made(cache: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FUSEFRONT_CACHE", str(tmp_path / cache))
            problem = HubProblem(suite=SUITE.name, tasks=CLIP_TASKS)
            problem.prepare(quiet)
            return problem.hash()

    first = made("a")
    assert made("b") == first
    change(own, **{"post_layernorm.bias": torch.ones(32)})
    assert made("c") != first


def test_use_before_preparation_is_refused(own: Path) -> None:
    for ask in (family().pool, family().heads, family().digest):
        with pytest.raises(MissingDataError, match="Call `prepare`"):
            ask(CLIP_TASKS)
