import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.errors import MissingDataError
from fusefront.problems.checkpoints.location import check_on_hub, is_hub_id, locate


def test_a_local_folder_comes_before_a_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "mirror"))
    (tmp_path / "mirror" / "me" / "model").mkdir(parents=True)
    found = locate("me/model", base_folder=tmp_path)
    assert found == tmp_path / "mirror" / "me" / "model"
    (tmp_path / "me" / "model").mkdir(parents=True)
    assert locate("me/model", base_folder=tmp_path) == tmp_path / "me" / "model"


def test_absolute_paths_are_kept(tmp_path: Path) -> None:
    assert locate(str(tmp_path), base_folder=Path("/nowhere")) == tmp_path


@pytest.mark.parametrize("reference", ["../secret", "a/../b", "a/b/c", "/etc", ".hidden", "a/.."])
def test_a_path_that_leaves_its_folder_is_not_a_hub_id(reference: str) -> None:
    assert not is_hub_id(reference)


@pytest.mark.parametrize("reference", ["gpt2", "openai/clip-vit-base-patch32", "a/b_c.d-1"])
def test_names_of_the_hub_are_hub_ids(reference: str) -> None:
    assert is_hub_id(reference)


def test_a_mirror_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "secret").mkdir()
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(MissingDataError, match="must be a folder or file"):
        locate("../secret", base_folder=tmp_path / "my" / "folder")


def test_a_misspelt_local_path_does_not_contact_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setattr("huggingface_hub.snapshot_download", None)
    with pytest.raises(MissingDataError, match="checkpoints/bse"):
        locate("checkpoints/bse", base_folder=tmp_path)


def test_a_disabled_hub_is_reported_quickly_in_one_line(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from fusefront.problems.checkpoints.location import locate\n"
        f"try: locate('owner/model', base_folder=Path({str(tmp_path)!r}))\n"
        "except Exception as e: print(type(e).__name__, e)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": ""},
        check=True,
    ).stdout
    assert found.startswith("MissingDataError `owner/model` must be a local folder")
    assert "HF_HUB_OFFLINE" in found
    assert found.count("\n") == 1


def test_the_hubs_own_cache_is_used_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = tmp_path / "hub" / "models--owner--model" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").touch()
    refs = snapshot.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text("a" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    assert locate("owner/model", base_folder=tmp_path) == snapshot


def test_an_unreachable_hub_is_missing_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **options: object) -> str:
        if options["local_files_only"]:
            raise FileNotFoundError
        raise ConnectionError("Name or service not known\nand a long story")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(MissingDataError) as caught:
        locate("owner/model", base_folder=tmp_path)
    assert "Name or service not known. Go online" in str(caught.value)
    assert "long story" not in str(caught.value)


def test_a_name_without_owner_is_a_folder_unless_a_revision_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MissingDataError, match="or write the hub id as `owner/name`"):
        locate("one", base_folder=tmp_path)
    with pytest.raises(MissingDataError, match="switched off by HF_HUB_OFFLINE"):
        locate("gpt2", base_folder=tmp_path, revision="main")
    (tmp_path / "one").mkdir()
    assert locate("one", base_folder=tmp_path) == tmp_path / "one"


def test_a_hub_that_is_switched_off_has_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MissingDataError, match="switched off by HF_HUB_OFFLINE"):
        check_on_hub("owner/model")
