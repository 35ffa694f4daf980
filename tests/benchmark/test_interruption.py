"""Interrupting a study at any moment: finished runs are kept, and no process is left behind."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.chaos import group
from tests.benchmark.conftest import Command
from tests.benchmark.test_plan import assert_same, changed_at

from fusefront.benchmark.cli.interrupts import end_at_once, stop_gracefully
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.plan import Plan
from fusefront.benchmark.run.progress import Event
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study

PATIENCE = 300.0
"""Seconds to wait for events that take a few seconds on an idle machine."""


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Handle interrupts as at a terminal: tests started in the background ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(study: Study, directory: Path) -> "subprocess.Popen[str]":
    """Start the command line in its own process group, as a terminal does."""
    toml = directory.with_suffix(".toml")
    write_study(toml, study)
    return subprocess.Popen(
        [sys.executable, "-m", "fusefront.benchmark", "run", str(toml), "-o", str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.01)


def parts(directory: Path) -> set[str]:
    return {path.name for path in (directory / "parts").glob("[!.]*.parquet")}


def interrupted_after_one(
    planned: Plan, directory: Path, *, interrupts: int, **arguments: Any
) -> Generator[Event, None, None]:
    """Same as `execute`, but press Ctrl-C when the first run is done and others are not."""
    with closing(execute(planned, directory, **arguments)) as events:
        for event in events:
            yield event
            if event.status == "done":
                for _ in range(interrupts):
                    signal.raise_signal(signal.SIGINT)
                interrupts = 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes in /proc")
def test_study_resumes_after_a_kill_and_an_interrupt_with_the_same_bits(
    study: Study,
    directory: Path,
    tmp_path: Path,
    fusefront: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resumed = tmp_path / "resumed"

    process = start(study, resumed)
    wait_for(lambda: parts(resumed), "the first part")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not group(process.pid), "the workers of a killed coordinator to end")
    kept = changed_at(resumed)
    assert 0 < len(parts(resumed)) < 6

    monkeypatch.setattr(
        "fusefront.benchmark.run.execute.execute", partial(interrupted_after_one, interrupts=2)
    )
    result = fusefront("run", resumed.with_suffix(".toml"), "-o", resumed, "-j", 2)
    monkeypatch.undo()
    assert (result.status, result.out) == (130, "")
    assert "interrupted 1 run done and kept. Repeat the command to resume." in result.err
    assert not multiprocessing.active_children()
    assert changed_at(resumed).items() > kept.items()

    done = len(parts(resumed))
    status = fusefront("status", resumed)
    assert (status.status, f"done: {done}" in status.out) == (1, True)
    result = fusefront("run", resumed.with_suffix(".toml"), "-o", resumed)
    assert result.status == 0
    assert f"{6 - done} done, {done} cached, 0 skipped, 0 failed" in result.out
    assert changed_at(resumed).items() >= kept.items()
    assert_same(resumed, directory)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes in /proc")
def test_fork_server_ignores_the_keyboard(directory: Path) -> None:
    assert directory.is_dir()  # a study has run
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # has no public name
    (blocked,) = re.findall(r"SigBlk:\s*(\w+)", Path(f"/proc/{server}/status").read_text())
    assert int(blocked, 16) & 1 << (signal.SIGINT - 1)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_one_interrupt_lets_current_runs_finish_and_starts_no_other(
    study: Study,
    directory: Path,
    tmp_path: Path,
    fusefront: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "here"
    write_study(here.with_suffix(".toml"), study)
    monkeypatch.setattr(
        "fusefront.benchmark.run.execute.execute", partial(interrupted_after_one, interrupts=1)
    )
    result = fusefront("run", here.with_suffix(".toml"), "-o", here, "-j", 2)
    monkeypatch.undo()
    assert result.status == 130
    assert "finishing 1 run in progress. Press Ctrl-C again to stop now." in result.err
    assert "interrupted 2 runs done and kept." in result.err
    assert len(parts(here)) == 2
    assert not list((here / "leases").iterdir())
    assert fusefront("run", here.with_suffix(".toml"), "-o", here).status == 0
    assert_same(here, directory)


def test_one_interrupt_ends_a_command_and_two_end_a_study() -> None:
    def now() -> object:
        return signal.getsignal(signal.SIGINT)

    before, result = now(), []
    with end_at_once():
        assert now() == signal.SIG_DFL
        with stop_gracefully(lambda: result.append("finishing")) as stopping:
            assert not stopping()
            signal.raise_signal(signal.SIGINT)
            assert stopping()
            assert result == ["finishing"]
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert now() == signal.SIG_DFL
    assert now() == before


def test_ignored_interrupts_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with end_at_once(), stop_gracefully(lambda: None):
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_interrupt_during_imports_is_silent() -> None:
    program = [sys.executable, "-m", "fusefront.benchmark", "info", "smoke-all"]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (-signal.SIGINT, 0)  # 0: it finished before the interrupt
    assert err == ""
