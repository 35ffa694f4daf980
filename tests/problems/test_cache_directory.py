import sys
from pathlib import Path

import pytest

from fusefront.problems.cache import ENVIRONMENT, cache_directory


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
