import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from fusefront.errors import IntegrityError, StoreError, UnknownNameError
from fusefront.results.archive import archive
from fusefront.results.archive.archive import (
    FILES,
    manifest,
    pack,
    prerun_names,
    prerun_path,
    verify,
)
from fusefront.results.files.schema import SCHEMA_VERSION
from fusefront.results.load import read_archive
from fusefront.results.results import Results


@pytest.fixture
def packed(tmp_path: Path, results: Results) -> Path:
    directory = tmp_path / "archive"
    pack(results, directory, note="three seeds")
    return directory


def test_an_archive_reads_back_bit_for_bit(packed: Path, results: Results) -> None:
    again = read_archive(packed)
    for name in FILES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name))


def test_the_manifest_names_every_file_by_hash(packed: Path) -> None:
    content = manifest(packed)
    assert (content["note"], content["schema_version"], content["runs"]) == (
        "three seeds",
        SCHEMA_VERSION,
        6,
    )
    for name, sha256 in content["files"].items():
        assert hashlib.sha256((packed / name).read_bytes()).hexdigest() == sha256
    assert {p.name for p in packed.iterdir()} == {*content["files"], "manifest.json"}


@pytest.mark.parametrize("name", FILES)
def test_a_tampered_or_missing_file_is_named(packed: Path, name: str) -> None:
    path = packed / f"{name}.parquet"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=rf"{name}.parquet` must be the file that was packed"):
        read_archive(packed)
    path.unlink()
    with pytest.raises(IntegrityError, match=rf"{name}.parquet.*no such file"):
        verify(packed)


@pytest.mark.parametrize("text", ["{", "[]", '{"files": {}}', '{"files": {"../x": "00"}}'])
def test_a_spoiled_manifest_is_refused(packed: Path, text: str) -> None:
    (packed / "manifest.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"manifest.json"):
        verify(packed)


def test_a_folder_without_manifest_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be an archive"):
        verify(tmp_path)


def test_an_archive_is_never_written_over(packed: Path, results: Results) -> None:
    with pytest.raises(StoreError, match="must be new or empty"):
        pack(results, packed, note="again")
    assert json.loads((packed / "manifest.json").read_text())["note"] == "three seeds"


def test_shipped_archives_are_found_by_name(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "PRERUN", packed.parent)
    assert prerun_names() == ["archive"]
    assert prerun_path("archive") == packed
    with pytest.raises(UnknownNameError, match="Did you mean `archive`"):
        prerun_path("archiv")


def test_every_shipped_archive_is_whole() -> None:
    for name in prerun_names():
        verify(prerun_path(name))
