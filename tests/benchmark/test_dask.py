"""Clusters: the same bits as here, losses of workers, and what is refused."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.benchmark.conftest import Command
from tests.benchmark.dask_cluster import dask_cluster, kill_group
from tests.benchmark.test_plan import assert_same

from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.run.executors import Site, start_of
from fusefront.benchmark.run.executors.job_queue import read_cluster
from fusefront.benchmark.study.study import Study
from fusefront.errors import StudyError

pytest.importorskip("distributed")


@pytest.mark.slow
def test_processes_of_a_local_cluster_find_the_same_bits(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    planned = runner.plan(study, tmp_path / "runs")
    told = [
        e.status for e in execute(planned, tmp_path / "runs", jobs=2, executor=start_of("dask"))
    ]
    assert told.count("done") == 6
    runner.finish(tmp_path / "runs")
    assert_same(tmp_path / "runs", directory)


@pytest.mark.slow
def test_losing_a_node_of_two_loses_nothing(study: Study, directory: Path, tmp_path: Path) -> None:
    planned = runner.plan(study, tmp_path / "runs")
    with dask_cluster(tmp_path, nodes=2) as cluster:
        start = start_of(f"dask:{cluster.address}")
        events = execute(planned, tmp_path / "runs", jobs=2, executor=start)
        told = []
        with closing(events):
            for event in events:
                told.append(event.status)
                if told.count("done") == 1:
                    kill_group(cluster.nodes[0])
        with (
            closing(start(Site(directory=tmp_path, problem_hashes={}), 1)) as workers,
            pytest.raises(StudyError, match=r"GPUs of a worker, 0. Found 1.*--resources GPU=1"),
        ):
            workers.check(1)
    assert told.count("done") == 6
    assert "failed" not in told
    runner.finish(tmp_path / "runs")
    assert_same(tmp_path / "runs", directory)


@pytest.mark.slow
def test_losing_the_scheduler_is_one_error_and_keeps_what_arrived(
    study: Study, tmp_path: Path
) -> None:
    planned = runner.plan(study, tmp_path / "runs")
    arrived = []
    with dask_cluster(tmp_path, nodes=1) as cluster:

        def lose_the_scheduler() -> None:
            start = start_of(f"dask:{cluster.address}")
            with closing(execute(planned, tmp_path / "runs", jobs=1, executor=start)) as events:
                for event in events:
                    if event.status == "done":
                        arrived.append(event.spec.run_id)
                        cluster.kill_scheduler()

        with pytest.raises(StudyError, match=r"scheduler must stay reachable.*repeat the command"):
            lose_the_scheduler()
    assert len(arrived) < 6
    parts = (tmp_path / "runs" / "parts").glob("*.parquet")
    assert sorted(path.stem for path in parts) == sorted(arrived)


def test_no_scheduler_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="must be the address of a running scheduler"):
        start_of("dask:nonsense")(Site(directory=tmp_path, problem_hashes={}), 1)


def test_wrong_executors_are_refused_before_anything_is_made(
    tmp_path: Path, fusefront: Command
) -> None:
    for text, found in (("clouds", "Found `clouds`"), ("dask:no.toml", "must be a TOML file")):
        told = fusefront("run", "smoke", "-o", tmp_path / "runs", "--executor", text)
        assert (told.status, told.out) == (2, "")
        assert found in told.err
        assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("queue = 3", "queue"),
        ('queue = "SLURN"\n[job]\ncores = 1\nmemory = "1 GB"', "SLURM"),
        ('queue = "SLURM"', "`job` must be given"),
        ('queue = "SLURM"\nquery = 1', "query"),
        ("queue = ", "must be a TOML file"),
        ('queue = "SLURM"\n[job]\ncores = 0\nmemory = "1 GB"', r"`job\.cores` must be 1 or more"),
    ],
)
def test_a_cluster_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(StudyError, match=message) as error:
        read_cluster(str(tmp_path / "c.toml"))
    assert "c.toml" in str(error.value)
