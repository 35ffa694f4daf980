"""Machines and plug-ins that fail: each ends as one row with a reason, others go on."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import HEAD, PROBLEM
from tests.specs import problems

import fusefront as package
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.limits import ResourceRules
from fusefront.benchmark.study.study import Study
from fusefront.errors import StudyError

BODIES = {
    "Hangs": "time.sleep(1000)",
    "Hungry": "torch.ones(3 * 2**28); return zeros(view)",
    "HungryLists": "x = [bytearray(2**24) for _ in range(10**3)]; return zeros(view)",
    "Corrupts": "view.experts.task_vectors.add_(1); return zeros(view)",
    "Lost": "tries(1); os.kill(os.getpid(), 9)",
    "LostOnce": "tries(1) == 1 and os.kill(os.getpid(), 9); return zeros(view)",
    "LostInMap": "return MapSet(experts=view.experts, function=lost_once)",
    "Crashes": "tries(1); os.abort()",
    "Sees": "seen(); return zeros(view)",
    "Looks": "seen(); return zeros(view)",
    "Peeks": "seen(); return zeros(view)",
    "Good": "return zeros(view)",
}
PLUGIN = (
    HEAD
    + """
import time

from fusefront import MapSet


def tries(n):
    file = Path(__file__).with_name("tries")
    count = int(file.read_text()) + n if file.exists() else n
    file.write_text(str(count))
    return count


def lost_once(preference):
    tries(1) == 1 and os.kill(os.getpid(), 9)
    return Coefficients(values=preference)


def seen():
    began = time.time()
    time.sleep(0.5)
    line = f"{os.environ['CUDA_VISIBLE_DEVICES']} {began} {time.time()}"
    with Path(__file__).with_name("seen").open("a") as file:
        file.write(line + "\\n")
"""
    + "".join(
        f"""

@ALGORITHMS.register("{name.lower()}")
@dataclass(frozen=True, kw_only=True)
class {name}(Algorithm):
    def fit(self, view, *, generator):
        {body}
"""
        for name, body in BODIES.items()
    )
)

Rows = dict[str, dict[str, Any]]
Run = Callable[..., tuple[Rows, list[str]]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run plug-ins under resource limits; return the runs by algorithm, and all event statuses."""
    path = tmp_path / "bad.py"
    path.write_text(PLUGIN)

    def runs(
        *names: str, caps: dict[str, Any] | None = None, **resources: Any
    ) -> tuple[Rows, list[str]]:
        study = Study(
            problems=problems(PROBLEM),
            algorithms=tuple(AlgorithmSpec.parse(f"{path}:{n}", ALGORITHMS) for n in names),
            seeds=1,
            budget=1000,
            caps=caps or {},
            resources=ResourceRules(defaults=resources),
        )
        planned = runner.plan(study, tmp_path / "runs")
        statuses = [event.status for event in execute(planned, tmp_path / "runs", jobs=2)]
        rows = package.load(tmp_path / "runs").runs.to_dict("records")
        return {str(row["algorithm"]): dict(row) for row in rows}, statuses  # type: ignore[arg-type]

    with ALGORITHMS.isolated():
        yield runs


def tries(tmp_path: Path) -> int:
    return int((tmp_path / "tries").read_text())


def test_run_over_its_time_limit_is_killed_and_others_continue(run: Run) -> None:
    rows, statuses = run("Hangs", "Good", timeout_seconds=25)
    assert (rows["hangs"]["status"], rows["hangs"]["error_class"]) == ("failed", "TimedOut")
    assert "must end within 25 seconds" in rows["hangs"]["error_message"]
    assert rows["good"]["status"] == "done"
    assert statuses == ["running", "running", "done", "failed"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="limits are those of Linux")
@pytest.mark.parametrize("name", ["Hungry", "HungryLists"])
def test_exhausted_memory_is_a_failed_row_of_its_own_class(run: Run, name: str) -> None:
    rows, _ = run(name, "Good", memory_bytes=2 * 2**30)
    assert (rows[name.lower()]["status"], rows[name.lower()]["error_class"]) == (
        "failed",
        "OutOfMemory",
    )
    assert rows["good"]["status"] == "done"


def test_fit_that_modifies_the_experts_is_detected(run: Run) -> None:
    rows, _ = run("Corrupts", "Good")
    assert rows["corrupts"]["status"] == "failed"
    assert "must not modify the experts" in rows["corrupts"]["error_message"]
    assert rows["good"]["status"] == "done"


def test_killed_worker_is_retried(run: Run, tmp_path: Path) -> None:
    rows, statuses = run("LostOnce", retries=1)
    assert rows["lostonce"]["status"] == "done"
    assert statuses == ["running", "retrying", "running", "done"]
    assert tries(tmp_path) == 1 + 2  # then a rehearsal and the fit


def test_a_process_that_is_killed_while_it_is_asked_for_points_is_replaced(run: Run) -> None:
    rows, statuses = run("LostInMap", retries=1)
    assert rows["lostinmap"]["status"] == "done"
    assert statuses == ["running", "retrying", "running", "done"]


def test_run_fails_after_its_last_retry(run: Run, tmp_path: Path) -> None:
    rows, statuses = run("Lost", retries=2)
    assert (rows["lost"]["status"], rows["lost"]["error_class"]) == ("failed", "WorkerLost")
    assert "ended by signal 9" in rows["lost"]["error_message"]
    assert statuses.count("retrying") == 2
    assert tries(tmp_path) == 3


def test_a_crash_of_its_own_is_not_tried_again(run: Run, tmp_path: Path) -> None:
    rows, _ = run("Crashes", retries=2)
    assert "ended by signal 6" in rows["crashes"]["error_message"]
    assert tries(tmp_path) == 1


def test_gpus_are_one_runs_at_a_time_and_no_other_sees_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-left,GPU-right")
    rows, _ = run("Sees", "Looks", "Peeks", gpus=1)
    assert {row["status"] for row in rows.values()} == {"done"}
    lines = [line.split() for line in (tmp_path / "seen").read_text().splitlines()]
    assert {gpu for gpu, *_ in lines} == {"GPU-left", "GPU-right"}
    for gpu in ("GPU-left", "GPU-right"):
        times = sorted((float(began), float(ended)) for own, began, ended in lines if own == gpu)
        assert all(one[1] <= other[0] for one, other in pairwise(times))


def test_runs_that_ask_for_no_gpu_see_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    rows, _ = run("Sees")
    assert rows["sees"]["status"] == "done"
    assert (tmp_path / "seen").read_text().startswith(" ")


def test_more_gpus_than_there_are_is_an_error_before_any_run(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(
        StudyError, match=r"`gpus` must be at most the number of GPUs of this machine, 1 .*Found 2"
    ):
        run("Good", gpus=2)


def test_a_fit_that_takes_more_memory_than_its_cap_is_skipped(run: Run) -> None:
    rows, statuses = run("Good", caps={"peak_bytes": "1 kB"})
    assert (rows["good"]["status"], statuses) == ("skipped", ["running", "skipped"])
    assert "must be at most 1,000 bytes" in rows["good"]["reason"]
    assert f"Found {rows['good']['peak_bytes']:,}" in rows["good"]["reason"]


def test_a_fit_within_its_cap_on_memory_is_done(run: Run) -> None:
    rows, _ = run("Good", caps={"peak_bytes": "1 GiB", "wall_seconds": 600})
    assert rows["good"]["status"] == "done"
    told = json.loads(rows["good"]["versions"])
    assert told["caps"] == "peak_bytes=1073741824, wall_seconds=600"
