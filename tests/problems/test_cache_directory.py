"""The cache: where it is, and what happens if it cannot be written."""

import errno
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from fusefront.errors import CacheError
from fusefront.problems.cache import (
    ENVIRONMENT,
    cache_directory,
    cached_json,
    exclusive,
    write_whole,
)


def test_the_environment_variable_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "/elsewhere")
    assert cache_directory() == Path("/elsewhere")


@pytest.mark.skipif(sys.platform != "linux", reason="the place differs between systems")
def test_caches_of_earlier_versions_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "fusefront"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "fusefront"


def test_a_cache_that_cannot_be_written_is_one_error_that_names_the_variable(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CacheError, match=r"must be writable.*set FUSEFRONT_CACHE"):
        cached_json(tmp_path / "file" / "x.json", lambda: 1)


def test_a_filled_cache_that_cannot_be_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "x.json"
    cached_json(path, lambda: 1)
    monkeypatch.setattr(FileLock, "acquire", refuse)
    with exclusive(path, "x", print):
        assert cached_json(path, lambda: 2) == 1


def test_a_file_that_has_the_content_already_needs_no_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "x.json"
    write_whole(path, b"1")
    monkeypatch.setattr(Path, "write_bytes", refuse)
    write_whole(path, b"1")
    with pytest.raises(CacheError, match="must be writable"):
        write_whole(path, b"2")
