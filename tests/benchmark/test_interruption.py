"""Interrupting a study at any moment: nothing finished is lost, nothing goes on in secret."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fusefront.benchmark.study import Study
from fusefront.benchmark.study_file import write_study
from tests.benchmark.conftest import Command
from tests.benchmark.test_runner import assert_same, changed_at

PATIENCE = 60.0
"""Seconds to wait for what takes a few on an idle machine."""


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


def group(leader: int) -> list[int]:
    """Living processes of the group that `leader` began, itself included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended just now
            continue
        if int(pgrp) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_study_goes_on_after_kill_and_after_interrupt_with_the_same_bits(
    study: Study, directory: Path, tmp_path: Path, fusefront: Command
) -> None:
    resumed = tmp_path / "resumed"

    head = start(study, resumed)
    wait_for(lambda: parts(resumed), "the first part")
    os.kill(head.pid, signal.SIGKILL)
    head.communicate()
    wait_for(lambda: not group(head.pid), "the workers of a killed head to end")
    kept = changed_at(resumed)
    assert 0 < len(parts(resumed)) < 6

    head = start(study, resumed)
    wait_for(lambda: len(parts(resumed)) > len(kept), "a part more")
    os.killpg(head.pid, signal.SIGINT)  # what Ctrl-C does
    out, err = head.communicate(timeout=PATIENCE)
    assert head.returncode == 130
    assert out == ""
    assert "interrupted" in err
    assert "The same command goes on from here." in err
    assert "Traceback" not in err
    wait_for(lambda: not group(head.pid), "the workers of an interrupted head to end")
    assert len(kept) < len(parts(resumed)) < 6
    assert changed_at(resumed).items() >= kept.items()

    done = len(parts(resumed))
    status = fusefront("status", resumed)
    assert (status.status, f"done: {done}" in status.out) == (1, True)
    told = fusefront("run", resumed.with_suffix(".toml"), "-o", resumed)
    assert told.status == 0
    assert f"{6 - done} done, {done} cached, 0 skipped, 0 failed" in told.out
    assert changed_at(resumed).items() >= kept.items()
    assert_same(resumed, directory)
