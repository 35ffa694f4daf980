"""Operations, energy and provenance of a run."""

import json
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
import torch
from tests.specs import problems
from torch.nn import functional

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import provenance
from fusefront.benchmark.run.meters import EnergyMeter, FlopCounter, PeakMemory
from fusefront.problems.budget import PRECISIONS, Precision
from fusefront.testing.toy_problem import open_view


def test_products_are_counted_by_their_formulas() -> None:
    a, b, v = torch.ones(3, 4), torch.ones(4, 5), torch.ones(4)
    with FlopCounter() as counter:
        a @ b
        a @ v
        torch.addmv(torch.ones(3), a, v)
        torch.bmm(a.expand(2, 3, 4), b.expand(2, 4, 5))
        a + a
    assert counter.flops == 2 * 3 * 4 * 5 + 2 * 12 + 2 * 12 + 2 * 2 * 3 * 4 * 5


def test_a_backward_pass_costs_twice_its_forward_pass() -> None:
    weight = torch.ones(4, 5, requires_grad=True)
    x = torch.ones(3, 4, requires_grad=True)
    with FlopCounter() as counter:
        (x @ weight).sum().backward()  # type: ignore[no-untyped-call]
    assert counter.flops == 3 * 2 * 3 * 4 * 5


def layer_and_attention() -> None:
    x, weight, heads = torch.ones(3, 4), torch.ones(5, 4), torch.ones(2, 2, 5, 4)
    functional.linear(x, weight)
    functional.scaled_dot_product_attention(heads, heads, heads)


@pytest.mark.parametrize(
    "mode", [nullcontext(), torch.inference_mode(), torch.autocast("cpu", torch.bfloat16)], ids=str
)
def test_layers_and_attention_are_counted_alike_in_every_mode(
    mode: AbstractContextManager[object],
) -> None:
    with mode, FlopCounter() as counter:
        layer_and_attention()
    assert counter.flops == 2 * 3 * 4 * 5 + 2 * (2 * 2 * 2 * 5 * 5 * 4)


def test_attention_backward_multiplies_five_matrices() -> None:
    # It forms the attention weights again, and then four gradients.
    heads = torch.ones(2, 2, 5, 4, requires_grad=True)
    found = functional.scaled_dot_product_attention(heads, heads, heads)
    with FlopCounter() as counter:
        found.sum().backward()  # type: ignore[no-untyped-call]
    assert counter.flops == 5 * (2 * 2 * 2 * 5 * 5 * 4)


def test_measured_memory_is_the_same_with_a_counter_around_it() -> None:
    def evaluate() -> None:
        with torch.inference_mode():
            layer_and_attention()

    evaluate()
    with PeakMemory() as alone:
        evaluate()
    with FlopCounter(), PeakMemory() as inside:
        evaluate()
    assert inside.peak_bytes == alone.peak_bytes > 0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_operations_of_a_fit_are_the_same_number_everywhere(precision: Precision) -> None:
    problem = fusefront.PROBLEMS["smoke-left-right"].load()()
    view = open_view(problem, units=5_000, precision=precision)
    with FlopCounter() as counter:
        ALGORITHMS["pwemoe-ls"].make(steps=3).fit(view, generator=torch.Generator().manual_seed(0))
    assert counter.flops == 254_329_932


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
