"""Interrupting a study at any moment: nothing finished is lost, nothing goes on in secret."""

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

from fusefront.benchmark.cli import carry_out
from fusefront.benchmark.cli.interrupts import ending_at_once, stopping_in_order
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.plan import Plan
from fusefront.benchmark.run.progress import Event
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study

PATIENCE = 60.0
"""Seconds to wait for what takes a few on an idle machine."""


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Interrupts as at a terminal: a test run in the background starts with them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(study: Study, directory: Path) -> "subprocess.Popen[str]":
    """The command line in a process group of its own, as a terminal would start it."""
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
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def parts(directory: Path) -> set[str]:
    return {path.name for path in (directory / "parts").glob("[!.]*.parquet")}


def interrupted_after_one(
    planned: Plan, directory: Path, *, interrupts: int, **arguments: Any
) -> Generator[Event, None, None]:
    """`run_plan`, with Ctrl-C so often when the first run is done and others are under way."""
    with closing(execute(planned, directory, **arguments)) as events:
        for event in events:
            yield event
            if event.status == "done":
                for _ in range(interrupts):
                    signal.raise_signal(signal.SIGINT)
                interrupts = 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_study_goes_on_after_kill_and_after_interrupt_with_the_same_bits(
    study: Study,
    directory: Path,
    tmp_path: Path,
    fusefront: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resumed = tmp_path / "resumed"

    head = start(study, resumed)
    wait_for(lambda: parts(resumed), "the first part")
    os.kill(head.pid, signal.SIGKILL)
    head.communicate()
    wait_for(lambda: not group(head.pid), "the workers of a killed head to end")
    kept = changed_at(resumed)
    assert 0 < len(parts(resumed)) < 6

    monkeypatch.setattr(carry_out, "run_plan", partial(interrupted_after_one, interrupts=2))
    told = fusefront("run", resumed.with_suffix(".toml"), "-o", resumed, "-j", 2)
    monkeypatch.undo()
    assert (told.status, told.out) == (130, "")
    assert "interrupted 1 run done and kept. The same command goes on from here." in told.err
    assert not multiprocessing.active_children()
    assert changed_at(resumed).items() > kept.items()

    done = len(parts(resumed))
    status = fusefront("status", resumed)
    assert (status.status, f"done: {done}" in status.out) == (1, True)
    told = fusefront("run", resumed.with_suffix(".toml"), "-o", resumed)
    assert told.status == 0
    assert f"{6 - done} done, {done} cached, 0 skipped, 0 failed" in told.out
    assert changed_at(resumed).items() >= kept.items()
    assert_same(resumed, directory)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_fork_server_does_not_hear_the_keyboard(directory: Path) -> None:
    assert directory.is_dir()  # a study has run
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # has no public name
    (blocked,) = re.findall(r"SigBlk:\s*(\w+)", Path(f"/proc/{server}/status").read_text())
    assert int(blocked, 16) & 1 << (signal.SIGINT - 1)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_one_interrupt_lets_runs_under_way_end_and_begins_none(
    study: Study,
    directory: Path,
    tmp_path: Path,
    fusefront: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "here"
    write_study(here.with_suffix(".toml"), study)
    monkeypatch.setattr(carry_out, "run_plan", partial(interrupted_after_one, interrupts=1))
    told = fusefront("run", here.with_suffix(".toml"), "-o", here, "-j", 2)
    monkeypatch.undo()
    assert told.status == 130
    assert "finishing 1 run under way. Press Ctrl-C again to stop now." in told.err
    assert "interrupted 2 runs done and kept." in told.err
    assert len(parts(here)) == 2
    assert not list((here / "claims").iterdir())
    assert fusefront("run", here.with_suffix(".toml"), "-o", here).status == 0
    assert_same(here, directory)


def test_interrupt_ends_a_command_at_once_and_a_study_when_it_comes_twice() -> None:
    def now() -> object:
        return signal.getsignal(signal.SIGINT)

    before, told = now(), []
    with ending_at_once():
        assert now() == signal.SIG_DFL
        with stopping_in_order(lambda: told.append("finishing")) as stopping:
            assert not stopping()
            signal.raise_signal(signal.SIGINT)
            assert stopping()
            assert told == ["finishing"]
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert now() == signal.SIG_DFL
    assert now() == before


def test_interrupts_that_are_ignored_stay_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ending_at_once(), stopping_in_order(lambda: None):
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_interrupt_while_all_is_imported_is_silent() -> None:
    program = [sys.executable, "-m", "fusefront.benchmark", "info", "smoke-all"]
    head = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(1)
    os.killpg(head.pid, signal.SIGINT)
    _, err = head.communicate(timeout=PATIENCE)
    assert head.returncode in (-signal.SIGINT, 0)  # 0: it was quicker
    assert err == ""
