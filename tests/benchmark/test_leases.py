"""Several coordinators on one directory."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.benchmark.test_plan import assert_same

from fusefront.benchmark.run import leases
from fusefront.benchmark.run.leases import COORDINATORS, EXPIRY, LEASES, Leases, leased
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study


def test_a_run_is_leased_to_one_coordinator_at_a_time(tmp_path: Path) -> None:
    with Leases(tmp_path) as first, Leases(tmp_path) as second:
        assert first.take("a")
        assert not second.take("a")
        assert second.take("b")
        assert list(leased(tmp_path)) == ["a", "b"]
        first.release("a")
        assert second.take("a")
        assert not first.take("a")


def test_all_leases_are_released_at_the_end(tmp_path: Path) -> None:
    with Leases(tmp_path) as mine:
        mine.take("a")
    assert not list((tmp_path / LEASES).iterdir())
    assert not list((tmp_path / COORDINATORS).iterdir())


def test_leases_of_a_killed_process_can_be_taken_at_once(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from fusefront.benchmark.run.leases import Leases\n"
        "leases = Leases(Path(sys.argv[1])).__enter__(); leases.take('a'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / LEASES / "a").exists()
    assert not list(leased(tmp_path))
    with Leases(tmp_path) as mine:
        assert mine.take("a")


@pytest.mark.parametrize(("silent", "free"), [(EXPIRY / 2, False), (2 * EXPIRY, True)])
def test_a_coordinator_on_another_machine_is_dead_without_heartbeats(
    tmp_path: Path, silent: float, free: bool
) -> None:
    (tmp_path / COORDINATORS).mkdir()
    (tmp_path / LEASES).mkdir()
    coordinator = tmp_path / COORDINATORS / "other.json"
    identity = {"machine": "elsewhere", "process": os.getpid(), "started": 1.0}
    coordinator.write_text(json.dumps(identity))
    (tmp_path / LEASES / "a").write_text("other")
    os.utime(coordinator, (time.time() - silent,) * 2)
    assert list(leased(tmp_path)) == ([] if free else ["a"])
    with Leases(tmp_path) as mine:
        assert mine.take("a") == free


def test_a_later_process_with_the_same_id_is_another_coordinator(tmp_path: Path) -> None:
    with Leases(tmp_path) as first:
        first.take("a")
        (coordinator,) = (tmp_path / COORDINATORS).iterdir()
        coordinator.write_text(json.dumps(json.loads(coordinator.read_bytes()) | {"started": 0.0}))
        with Leases(tmp_path) as second:
            assert second.take("a")


def test_a_living_coordinator_sends_heartbeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.05)
    with Leases(tmp_path):
        (coordinator,) = (tmp_path / COORDINATORS).iterdir()
        os.utime(coordinator, (0, 0))
        deadline = time.monotonic() + 20
        while coordinator.stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_two_coordinators_share_a_study_and_compute_no_run_twice(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    toml, runs = tmp_path / "study.toml", tmp_path / "runs"
    write_study(toml, study)
    command = [sys.executable, "-m", "fusefront.benchmark", "run", str(toml), "-o", str(runs)]
    command.append("--json")
    coordinators = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [coordinator.communicate() for coordinator in coordinators]
    assert [coordinator.returncode for coordinator in coordinators] == [0, 0], told
    events = [json.loads(line) for out, _ in told for line in out.splitlines()]
    begun = [event["run_id"] for event in events if event["event"] == "running"]
    assert sorted(begun) == sorted(path.stem for path in (runs / "parts").iterdir())
    assert len(begun) == 6
    assert not list((runs / LEASES).iterdir())
    assert_same(runs, directory)
