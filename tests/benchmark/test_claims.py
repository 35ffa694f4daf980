"""Two heads on one directory."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.benchmark.test_runner import assert_same

from fusefront.benchmark.run import leases as claims
from fusefront.benchmark.run.leases import CLAIMS, HEADS, SILENCE, Claims, claimed
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study


def test_a_run_is_claimed_by_one_head_at_a_time(tmp_path: Path) -> None:
    with Claims(tmp_path) as first, Claims(tmp_path) as second:
        assert first.take("a")
        assert not second.take("a")
        assert second.take("b")
        assert list(claimed(tmp_path)) == ["a", "b"]
        first.release("a")
        assert second.take("a")
        assert not first.take("a")


def test_in_the_end_nothing_is_claimed(tmp_path: Path) -> None:
    with Claims(tmp_path) as mine:
        mine.take("a")
    assert not list((tmp_path / CLAIMS).iterdir())
    assert not list((tmp_path / HEADS).iterdir())


def test_claims_of_a_killed_process_can_be_taken_at_once(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from fusefront.benchmark.run.leases import Claims\n"
        "claims = Claims(Path(sys.argv[1])).__enter__(); claims.take('a'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / CLAIMS / "a").exists()
    assert not list(claimed(tmp_path))
    with Claims(tmp_path) as mine:
        assert mine.take("a")


@pytest.mark.parametrize(("silent", "free"), [(SILENCE / 2, False), (2 * SILENCE, True)])
def test_a_head_of_another_machine_is_gone_when_it_is_silent(
    tmp_path: Path, silent: float, free: bool
) -> None:
    (tmp_path / HEADS).mkdir()
    (tmp_path / CLAIMS).mkdir()
    head = tmp_path / HEADS / "other.json"
    head.write_text(json.dumps({"machine": "elsewhere", "process": os.getpid(), "born": "1"}))
    (tmp_path / CLAIMS / "a").write_text("other")
    os.utime(head, (time.time() - silent,) * 2)
    assert list(claimed(tmp_path)) == ([] if free else ["a"])
    with Claims(tmp_path) as mine:
        assert mine.take("a") == free


def test_a_process_of_the_same_number_that_was_born_later_is_another(tmp_path: Path) -> None:
    with Claims(tmp_path) as first:
        first.take("a")
        (head,) = (tmp_path / HEADS).iterdir()
        head.write_text(json.dumps(json.loads(head.read_bytes()) | {"born": "0"}))
        with Claims(tmp_path) as second:
            assert second.take("a")


def test_a_living_head_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BEAT", 0.05)
    with Claims(tmp_path):
        (head,) = (tmp_path / HEADS).iterdir()
        os.utime(head, (0, 0))
        deadline = time.monotonic() + 20
        while head.stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_two_heads_share_a_study_and_compute_no_run_twice(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    toml, runs = tmp_path / "study.toml", tmp_path / "runs"
    write_study(toml, study)
    command = [sys.executable, "-m", "fusefront.benchmark", "run", str(toml), "-o", str(runs)]
    command.append("--json")
    heads = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [head.communicate() for head in heads]
    assert [head.returncode for head in heads] == [0, 0], told
    events = [json.loads(line) for out, _ in told for line in out.splitlines()]
    begun = [event["run_id"] for event in events if event["event"] == "running"]
    assert sorted(begun) == sorted(path.stem for path in (runs / "parts").iterdir())
    assert len(begun) == 6
    assert not list((runs / CLAIMS).iterdir())
    assert_same(runs, directory)
