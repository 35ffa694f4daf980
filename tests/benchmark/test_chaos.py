"""Coordinators and workers are killed at random: each run exists once, with the same bits."""

from pathlib import Path

import pytest
from tests.benchmark.chaos import Chaos
from tests.benchmark.dask_cluster import dask_cluster
from tests.benchmark.test_plan import assert_same

from fusefront.benchmark.run.leases import COORDINATORS, LEASES
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study
from fusefront.results.directory.parts import part_ids
from fusefront.results.verify import verify

needs_processes = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)


@pytest.mark.slow
@needs_processes
@pytest.mark.parametrize("coordinators", [1, 2])
def test_whatever_is_killed_the_study_is_the_undisturbed_one(
    study: Study, directory: Path, tmp_path: Path, coordinators: int
) -> None:
    toml = tmp_path / "study.toml"
    write_study(toml, study)
    chaos = Chaos(
        study=toml,
        directory=tmp_path / "runs",
        coordinators=coordinators,
        seed=coordinators,
        longest=1,
    )
    _torment(chaos, directory, moments=8)


@pytest.mark.slow
@needs_processes
def test_whatever_a_cluster_loses_the_study_is_the_undisturbed_one(
    study: Study, directory: Path, tmp_path: Path
) -> None:
    toml = tmp_path / "study.toml"
    write_study(toml, study)
    with dask_cluster(tmp_path, nodes=2) as cluster:
        chaos = Chaos(study=toml, directory=tmp_path / "runs", cluster=cluster, seed=17)
        _torment(chaos, directory, moments=5)
    assert chaos.killed["node"] > 0


def _torment(chaos: Chaos, directory: Path, *, moments: int) -> None:
    assert chaos.rage(moments) > 0
    assert chaos.peace() == 0
    assert len(part_ids(chaos.directory)) == 6
    assert not list((chaos.directory / LEASES).iterdir())
    assert not list((chaos.directory / COORDINATORS).iterdir())
    assert_same(chaos.directory, directory)
    assert not verify(chaos.directory).faults
