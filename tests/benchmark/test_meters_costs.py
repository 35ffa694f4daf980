"""Costs and provenance of a run."""

import json
import subprocess
from pathlib import Path

import pytest
import torch
from tests.specs import problems

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import provenance
from fusefront.benchmark.run.meters import EnergyMeter, FlopCounter
from fusefront.testing.toy_problem import open_view


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pwemoe-ls", "sobol-pool", "adamerging-tensor", "ls-finetune"])
def test_estimated_operations_are_close_to_those_of_the_full_fit(name: str, tmp_path: Path) -> None:
    study = fusefront.Study(
        problems=problems("smoke-left-right"),
        algorithms=(fusefront.AlgorithmSpec(name=name),),
        seeds=1,
        budget=5_000,
    )
    (told,) = fusefront.run(study, tmp_path / "run").runs["flops"]
    problem = fusefront.PROBLEMS["smoke-left-right"].load()()
    view = open_view(problem, units=5_000)
    with FlopCounter() as counter:
        ALGORITHMS[name].make().fit(view, generator=torch.Generator().manual_seed(0))
    assert told == pytest.approx(counter.flops, rel=0.25)


def test_memory_and_operations_are_in_the_runs_table(tmp_path: Path) -> None:
    study = fusefront.Study(
        problems=problems("analytic-quadratic"),
        algorithms=(fusefront.AlgorithmSpec(name="task-arithmetic"),),
        seeds=1,
        budget=1_000,
    )
    (run,) = fusefront.run(study, tmp_path / "run").runs.to_dict("records")
    assert 2**24 < run["rss_bytes"] < 2**34
    assert run["flops"] > 0


def domain(folder: Path, energy: int) -> None:
    path = folder / "intel-rapl:0"
    path.mkdir(exist_ok=True)
    (path / "energy_uj").write_text(f"{energy}\n")
    (path / "max_energy_range_uj").write_text("10000000\n")


def test_energy_is_the_difference_of_the_counters_also_past_their_end(tmp_path: Path) -> None:
    domain(tmp_path, 2_000_000)
    meter = EnergyMeter(tmp_path)
    domain(tmp_path, 5_500_000)
    assert meter.joules() == 3.5
    domain(tmp_path, 1_000_000)
    assert meter.joules() == 9.0


def test_without_counters_no_energy_is_reported(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).joules() is None


def test_the_commit_is_the_one_that_git_reports() -> None:
    found = provenance.commit()
    if found is None:
        pytest.skip("this code is not in a git repository")
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, check=False
    )
    if told.returncode:
        pytest.skip("git cannot be asked")
    assert told.stdout.decode().strip() == found
    assert json.loads(provenance.versions())["commit"] == found
