"""Worker processes: shared by runs that cannot affect each other, and replaced when they die."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import forkserver
from pathlib import Path

import pytest
from tests.benchmark.conftest import PROBLEM
from tests.specs import problems

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.executors import Ended, Site
from fusefront.benchmark.run.executors import local as local_module
from fusefront.benchmark.run.executors.local import LocalExecutor, preloaded
from fusefront.benchmark.run.executors.process import FOR_ALL, FOR_NETWORKS, FOR_TRAINING
from fusefront.benchmark.run.fit_process import reset_peak
from fusefront.benchmark.run.meters import peak_rss
from fusefront.benchmark.run.plan import Plan
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.limits import ResourceRules
from fusefront.benchmark.study.study import RunSpec, Study
from fusefront.errors import StoreError

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="processes are shared on Linux only"
)


def study_of(*algorithms: str, names: tuple[str, ...] = (PROBLEM,), **resources: object) -> Study:
    return Study(
        problems=problems(*names),
        algorithms=tuple(AlgorithmSpec.parse(name, ALGORITHMS) for name in algorithms),
        seeds=1,
        budget=1000,
        resources=ResourceRules(defaults=resources),
    )


def site_of(planned: Plan, directory: Path) -> Site:
    return Site(directory=directory, problem_hashes=planned.problem_hashes)


def server() -> int:
    """Return the id of the process that starts the workers."""
    return int(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[tuple[LocalExecutor, tuple[RunSpec, ...]]]:
    """An executor of one process, and the runs of three algorithms on two problems."""
    study = study_of(
        "pretrained", "experts", "simple-average", names=(PROBLEM, "analytic-barrier-k2")
    )
    planned = runner.plan(study, tmp_path)
    with closing(LocalExecutor(site_of(planned, tmp_path), 1)) as made:
        yield made, planned.specs


def compute(executor: LocalExecutor, spec: RunSpec) -> tuple[Ended, tuple[int, ...]]:
    """Compute a run; return its end and the processes that computed it."""
    executor.start(spec)
    (process,) = executor._busy
    (ended,) = executor.wait()
    return ended, process.pids


def test_a_process_computes_many_runs(
    executor: tuple[LocalExecutor, tuple[RunSpec, ...]],
) -> None:
    local, specs = executor
    found = [compute(local, spec) for spec in specs]
    assert len(found) == 6
    assert all(ended.failure is None for ended, _ in found)
    assert len({process_id for _, process_id in found}) == 1


def test_a_large_process_computes_no_further_run(
    executor: tuple[LocalExecutor, tuple[RunSpec, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, specs = executor
    monkeypatch.setattr(local_module, "_LARGE", 1)
    assert len({compute(local, spec)[1] for spec in specs[:2]}) == 2


def test_what_the_fork_server_imports_depends_on_the_runs() -> None:
    assert preloaded(study_of("pretrained", names=("analytic-quadratic",))) == FOR_ALL
    assert preloaded(study_of("pretrained")) == FOR_NETWORKS
    assert preloaded(study_of("pretrained", "phn-ls")) == FOR_TRAINING
    assert preloaded(study_of("pretrained", memory_bytes=2**33)) == FOR_TRAINING


@pytest.mark.parametrize("which", [0, 1, 2], ids=["rehearsal", "fit", "scorer"])
def test_an_idle_worker_of_which_a_process_was_killed_is_replaced(
    executor: tuple[LocalExecutor, tuple[RunSpec, ...]], which: int
) -> None:
    local, specs = executor
    _, first = compute(local, specs[0])
    os.kill(first[which], signal.SIGKILL)
    (idle,) = local._idle
    while not idle.is_ready():
        time.sleep(0.01)
    ended, second = compute(local, specs[1])
    assert ended.failure is None
    assert not set(second) & set(first)


def test_runs_with_a_limit_on_memory_have_processes_of_their_own(tmp_path: Path) -> None:
    study = study_of("pretrained", "experts", memory_bytes=2**33)
    planned = runner.plan(study, tmp_path)
    with closing(LocalExecutor(site_of(planned, tmp_path), 1)) as local:
        ids = {compute(local, spec)[1] for spec in planned.specs}
    assert len(ids) == 2


def test_the_peak_memory_counts_from_the_start_of_a_run() -> None:
    large = 2**28
    bytearray(b"x") * large
    before = peak_rss()
    reset_peak()
    after = peak_rss()
    assert before is not None
    assert after is not None
    assert after < before - large / 2


def test_a_fork_server_that_dies_costs_only_a_retry(tmp_path: Path) -> None:
    study = study_of("pretrained", "experts", "simple-average", "rewarded-soup")
    events = []
    with closing(execute(runner.plan(study, tmp_path), tmp_path, jobs=2)) as running:
        for event in running:
            events.append(event)
            if len(events) == 1:
                os.kill(server(), signal.SIGKILL)
    statuses = [event.status for event in events]
    assert statuses.count("done") == 4
    assert "failed" not in statuses


def test_an_error_before_the_fit_is_the_reason_of_the_failure(tmp_path: Path) -> None:
    no_limit_of_any_system = 2**64
    planned = runner.plan(study_of("pretrained", memory_bytes=no_limit_of_any_system), tmp_path)
    events = [event.status for event in execute(planned, tmp_path, jobs=1)]
    assert events == ["running", "failed"]
    (row,) = fusefront.load(tmp_path).runs.to_dict("records")
    assert row["error_class"] == "OverflowError"
    assert "too large" in row["error_message"]


def test_a_part_that_cannot_be_written_ends_the_study_with_the_reason(
    executor: tuple[LocalExecutor, tuple[RunSpec, ...]], tmp_path: Path
) -> None:
    local, specs = executor
    (tmp_path / "parts").rmdir()
    (tmp_path / "parts").write_text("in the way")
    with pytest.raises(StoreError, match="must be writable"):
        compute(local, specs[0])
