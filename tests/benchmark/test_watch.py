"""Following a directory while others write to it."""

import io
import shutil
import time
from pathlib import Path

import pytest
from rich.console import Console
from tests.benchmark.conftest import Command

from fusefront.benchmark.cli.watch import Look
from fusefront.benchmark.run.leases import Leases


def text(look: Look) -> str:
    sink = io.StringIO()
    Console(file=sink, width=120, color_system=None).print(look.tree())
    return sink.getvalue()


def test_parts_that_appear_and_runs_that_are_claimed_are_seen(
    directory: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    first, second, *_ = sorted((copy / "parts").glob("*.parquet"))
    hidden = [path.rename(tmp_path / path.name) for path in (first, second)]
    look = Look(copy)
    assert not look.over
    assert "smoke-left-right  4/6" in text(look)
    with Leases(copy) as claims:
        claims.take(first.stem)
        look.again()
        assert "4/6, 1 running" in text(look)
        assert "seed" in text(look)
        shutil.move(hidden[0], first)
    shutil.move(hidden[1], second)
    look.again()
    assert look.over
    assert "running" not in text(look)


def test_watching_ends_when_all_is_there_and_status_tells_what_runs(
    directory: Path, tmp_path: Path, fusefront: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    path = min((copy / "parts").glob("*.parquet"))
    path.rename(tmp_path / path.name)
    with Leases(copy) as claims:
        claims.take(path.stem)
        told = fusefront("status", copy)
        assert (told.status, "missing: 1  running: 1" in told.out) == (1, True)
    monkeypatch.setattr(time, "sleep", lambda _: shutil.move(tmp_path / path.name, path))
    told = fusefront("status", copy, "--watch")
    assert told.status == 0
    assert "done: 6  failed: 0  skipped: 0  missing: 0  running: 0" in told.out


def test_a_directory_of_nothing_is_told(tmp_path: Path, fusefront: Command) -> None:
    told = fusefront("status", tmp_path, "--watch")
    assert told.status == 2
    assert "must be the list of runs" in told.err


def test_a_damaged_part_has_not_ended(directory: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(directory, tmp_path / "copy"))
    min((copy / "parts").glob("*.parquet")).write_bytes(b"PAR1")
    look = Look(copy)
    assert not look.over
    assert "smoke-left-right  5/6" in text(look)
