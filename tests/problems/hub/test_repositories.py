"""Repositories are found in mirror and cache, and their revision is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fusefront.errors import MissingDataError
from fusefront.problems.hub import repositories

MODEL = "tanganke/gpt2_cola"
FIRST, SECOND = "1" * 40, "2" * 40


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of the hub, no mirror, no network."""
    monkeypatch.delenv("FUSEFRONT_MIRROR", raising=False)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    repositories.unreachable.cache_clear()
    yield tmp_path / "hub"
    repositories.unreachable.cache_clear()


def snapshot(hub: Path, name: str, commit: str, *files: str, kind: str = "models") -> Path:
    """Write a repository as the hub's client stores it, with the main branch at this commit."""
    folder = hub / f"{kind}--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(commit)
    for file in files:
        path = folder / "snapshots" / commit / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder / "snapshots" / commit


def test_a_model_in_the_hubs_cache_is_found_and_its_revision_kept(hub: Path) -> None:
    folder = snapshot(hub, MODEL, FIRST, "model.safetensors", "config.json")
    place = repositories.fetch_model(MODEL, lambda line: None)
    assert place == (folder, "cache")
    assert repositories.revision(MODEL) == FIRST


def test_the_first_revision_is_kept(hub: Path) -> None:
    first = snapshot(hub, MODEL, FIRST, "model.safetensors")
    repositories.fetch_model(MODEL, lambda line: None)
    snapshot(hub, MODEL, SECOND, "model.safetensors")
    place = repositories.find(MODEL)
    assert place is not None
    assert place.folder == first
    assert repositories.revision(MODEL) == FIRST


def test_a_pinned_revision_is_not_replaced(hub: Path) -> None:
    pinned = repositories.revision("openai/clip-vit-base-patch32")
    assert pinned is not None
    snapshot(hub, "openai/clip-vit-base-patch32", FIRST, "model.safetensors")
    assert repositories.find("openai/clip-vit-base-patch32") is None
    folder = snapshot(hub, "openai/clip-vit-base-patch32", pinned, "model.safetensors")
    assert repositories.find("openai/clip-vit-base-patch32") == (folder, "cache")


def test_a_cached_model_without_safetensors_is_not_found(hub: Path) -> None:
    snapshot(hub, MODEL, FIRST, "config.json", "pytorch_model.bin")
    assert repositories.find(MODEL) is None
    with pytest.raises(MissingDataError, match="HF_HUB_OFFLINE"):
        repositories.fetch_model(MODEL, lambda line: None)


def test_a_data_set_in_the_hubs_cache_is_found(hub: Path) -> None:
    folder = snapshot(hub, "tanganke/dtd", FIRST, "README.md", kind="datasets")
    assert repositories.find("datasets/tanganke/dtd") == (folder, "cache")


@pytest.mark.parametrize("name", ["openai-community/gpt2", "gpt2"])
def test_the_mirror_comes_first_under_the_present_or_former_name(
    hub: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot(hub, "openai-community/gpt2", FIRST, "model.safetensors")
    (tmp_path / "mirror" / name).mkdir(parents=True)
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "mirror"))
    place = repositories.fetch_model("openai-community/gpt2", lambda line: None)
    assert place == (tmp_path / "mirror" / name, "mirror")
    assert repositories.revision("openai-community/gpt2") is None


def test_the_hub_is_not_contacted_offline() -> None:
    assert repositories.unreachable() == "the hub is switched off by HF_HUB_OFFLINE"
    assert repositories.resolve_data("tanganke/dtd") is None
