"""Watching a run directory while other processes write to it."""

import io
import shutil
import time
from pathlib import Path

import pytest
from rich.console import Console
from tests.benchmark.conftest import Command

from fusefront.benchmark.cli.status import WatchedDirectory
from fusefront.benchmark.run.leases import Leases


def text(watched: WatchedDirectory) -> str:
    sink = io.StringIO()
    Console(file=sink, width=120, color_system=None).print(watched.tree())
    return sink.getvalue()


def test_new_parts_and_current_runs_appear_in_the_tree(directory: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    first, second, *_ = sorted((copy / "parts").glob("*.parquet"))
    hidden = [path.rename(tmp_path / path.name) for path in (first, second)]
    watched = WatchedDirectory(copy)
    assert not watched.complete
    assert "smoke-left-right  4/6" in text(watched)
    with Leases(copy) as leases:
        leases.take(first.stem)
        watched.update()
        assert "4/6, 1 running" in text(watched)
        assert "seed" in text(watched)
        shutil.move(hidden[0], first)
    shutil.move(hidden[1], second)
    watched.update()
    assert watched.complete
    assert "running" not in text(watched)


def test_watching_ends_with_the_last_run_and_status_counts_current_runs(
    directory: Path, tmp_path: Path, fusefront: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    path = min((copy / "parts").glob("*.parquet"))
    path.rename(tmp_path / path.name)
    with Leases(copy) as leases:
        leases.take(path.stem)
        result = fusefront("status", copy)
        assert (result.status, "missing: 1  running: 1" in result.out) == (1, True)
    monkeypatch.setattr(time, "sleep", lambda _: shutil.move(tmp_path / path.name, path))
    result = fusefront("status", copy, "--watch")
    assert result.status == 0
    assert "done: 6  failed: 0  skipped: 0  missing: 0  running: 0" in result.out


def test_directory_without_a_study_is_refused(tmp_path: Path, fusefront: Command) -> None:
    result = fusefront("status", tmp_path, "--watch")
    assert result.status == 2
    assert "must be the list of runs" in result.err


def test_run_with_a_damaged_part_has_not_ended(directory: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    min((copy / "parts").glob("*.parquet")).write_bytes(b"PAR1")
    watched = WatchedDirectory(copy)
    assert not watched.complete
    assert "smoke-left-right  5/6" in text(watched)
