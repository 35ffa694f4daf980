"""Several coordinators on one directory."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.benchmark.test_plan import assert_same

from fusefront.benchmark.run import leases
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.executors import start_of
from fusefront.benchmark.run.leases import COORDINATORS, EXPIRY, LEASES, Leases, leased
from fusefront.benchmark.run.plan import plan
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study
from fusefront.errors import StoreError


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


def other_coordinator(directory: Path, run_id: str, heartbeat: float) -> Path:
    """Write the lease of a coordinator on this machine whose process cannot be seen from here."""
    (directory / COORDINATORS).mkdir()
    (directory / LEASES).mkdir()
    path = directory / COORDINATORS / "other.json"
    identity = {"machine": platform.node(), "processes": "a container", "process": 1, "started": 1}
    path.write_text(json.dumps(identity))
    (directory / LEASES / run_id).write_text("other")
    os.utime(path, (heartbeat, heartbeat))
    return path


def test_a_coordinator_in_another_container_of_this_machine_is_judged_by_its_heartbeats(
    tmp_path: Path,
) -> None:
    coordinator = other_coordinator(tmp_path, "a", time.time())
    with Leases(tmp_path) as mine:
        assert not mine.take("a")
        assert mine.owners(["a"]) == f"process 1 on {platform.node()}"
        os.utime(coordinator, (time.time() - 2 * EXPIRY,) * 2)
        assert mine.take("a")


def test_a_heartbeat_in_the_future_does_not_keep_a_lease_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_two_hours = time.time() + 7200
    coordinator = other_coordinator(tmp_path, "a", in_two_hours)
    now = time.monotonic()
    with Leases(tmp_path) as mine:
        assert not mine.take("a")
        monkeypatch.setattr(time, "monotonic", lambda: now + EXPIRY - 1)
        assert not mine.take("a")
        os.utime(coordinator, (in_two_hours + 5,) * 2)
        monkeypatch.setattr(time, "monotonic", lambda: now + EXPIRY + 1)
        assert not mine.take("a")  # its clock is wrong, but it lives
        monkeypatch.setattr(time, "monotonic", lambda: now + 3 * EXPIRY)
        assert mine.take("a")


def test_waiting_for_another_coordinator_is_announced_once(study: Study, tmp_path: Path) -> None:
    planned = plan(study, tmp_path)
    (first, *_) = planned.specs
    coordinator = other_coordinator(tmp_path, first.run_id, time.time())
    statuses = []
    for event in execute(planned, tmp_path, jobs=1, executor=start_of("inline")):
        statuses.append(event.status)
        if event.status == "waiting":
            assert event.reason == f"1 run is leased by process 1 on {platform.node()}."
            os.utime(coordinator, (0, 0))
    assert statuses.count("waiting") == 1
    assert statuses.count("done") == 6


def test_a_directory_in_which_no_lease_can_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / LEASES).write_text("in the way")
    with (
        pytest.raises(StoreError, match=r"must be writable\. Found: File exists"),
        Leases(tmp_path),
    ):
        pass
