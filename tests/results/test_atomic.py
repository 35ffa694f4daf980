"""Staged folders appear whole or not at all."""

from pathlib import Path

import pytest

from fusefront.errors import StoreError
from fusefront.results.files.parquet import check_outside, staged


@pytest.mark.parametrize("name", ["new", "deep/new", "empty"])
def test_a_folder_appears_when_it_is_whole(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    target = tmp_path / name
    with staged(target) as folder:
        (folder / "a").write_text("a")
        assert not (target / "a").exists()
    assert [path.name for path in target.iterdir()] == ["a"]
    assert [path.name for path in target.parent.iterdir() if path.name.startswith(".")] == []


def test_an_error_inside_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "new") as folder:
        fill(folder)
    assert list(tmp_path.iterdir()) == []


def test_what_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def meanwhile() -> None:
        with staged(tmp_path / "new"):
            (tmp_path / "new").mkdir()
            (tmp_path / "new" / "mine").write_text("mine")

    with pytest.raises(StoreError, match="must be writable"):
        meanwhile()
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "mine"]


def test_a_target_that_is_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file", tmp_path):
        with pytest.raises(StoreError, match="must be new or empty"), staged(target):
            pass
    with pytest.raises(StoreError, match="must be writable"), staged(tmp_path / "file" / "new"):
        pass


def test_sources_are_not_written_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for target in ("a", "a/new", "a/b/../new"):
        with pytest.raises(StoreError, match="Found it inside `a`"):
            check_outside(Path(target), [Path("a")])
    check_outside(Path("ab"), [Path("a"), Path("absent")])
