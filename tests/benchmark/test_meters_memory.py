"""Peak memory: exact to the byte where that is known, else as torch's own profiler sees it."""

from collections.abc import Callable

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from fusefront.benchmark.run.meters import PeakMemory

KILO = 4 * 1024
"""Bytes of 1,024 float32."""


def peak(program: Callable[[], object]) -> int:
    with PeakMemory() as memory:
        result = program()
        del result
    return int(memory.peak_bytes)


def profiled_peak(program: Callable[[], object]) -> int:
    """The highest sum of allocations minus releases that torch's profiler recorded."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = program()
        del result
    events = profiler.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    now = highest = 0
    for _, change in sorted(changes, key=lambda pair: pair[0]):
        now += change
        highest = max(highest, now)
    return highest


def ones() -> torch.Tensor:
    return torch.ones(1024)


def test_tensors_of_every_device_count() -> None:
    assert peak(lambda: torch.ones(1024, device="meta")) == KILO


def test_nothing_is_nothing() -> None:
    assert peak(lambda: None) == 0


def test_tensors_alive_together_add_up() -> None:
    assert peak(lambda: [ones() for _ in range(5)]) == 5 * KILO


def test_memory_that_was_freed_is_not_counted_again() -> None:
    def program() -> None:
        for _ in range(5):
            x = ones()
            del x

    assert peak(program) == KILO


def test_peak_is_of_the_moment_not_of_the_end() -> None:
    def program() -> torch.Tensor:
        a, b, c = ones(), ones(), ones()
        del a, b
        return c + c

    assert peak(program) == 3 * KILO


def test_views_cost_nothing() -> None:
    def program() -> list[torch.Tensor]:
        x = ones()
        return [x, x[3:], x.view(32, 32), x.view(32, 32).T, x.expand(7, -1), x.detach()]

    assert peak(program) == KILO


def test_view_keeps_its_storage_alive() -> None:
    def program() -> list[torch.Tensor]:
        kept = ones()[:1]
        return [kept, ones()]

    assert peak(program) == 2 * KILO


def test_work_in_place_costs_nothing() -> None:
    def program() -> torch.Tensor:
        x = ones()
        x.mul_(2).relu_()
        x[3] = 4
        return torch.add(x, x, out=x)

    assert peak(program) == KILO


def test_storage_that_grows_counts_as_large_as_it_is() -> None:
    def program() -> torch.Tensor:
        x = ones()
        x.resize_(4 * 1024)
        x.resize_(2 * 1024)
        return x

    assert peak(program) == 4 * KILO


def test_storage_that_was_there_before_does_not_count() -> None:
    x = ones()

    def program() -> torch.Tensor:
        x.mul_(2)
        y = x.view(32, 32)
        return y.T

    assert peak(program) == 0
    assert peak(lambda: x + 1.0) == KILO


def test_storage_that_was_there_before_may_grow_and_be_freed() -> None:
    before = [ones()]

    def program() -> torch.Tensor:
        before.pop()
        return ones()

    assert peak(program) == KILO


def test_other_types_count_their_own_bytes() -> None:
    assert peak(lambda: torch.zeros(1024, dtype=torch.float64)) == 2 * KILO
    assert peak(lambda: torch.zeros(1024, dtype=torch.bool)) == 1024


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_modes_without_gradient_are_seen(mode: Callable[[], torch.no_grad]) -> None:
    def program() -> torch.Tensor:
        with mode():
            return ones() + ones()

    assert peak(program) == 3 * KILO


def test_activations_count_while_the_graph_lives() -> None:
    weight = torch.ones(1024, requires_grad=True)

    def program() -> None:
        x = weight
        for _ in range(5):
            x = x.exp()  # each keeps its result for the backward pass
        del x

    assert peak(program) == 5 * KILO
    with torch.no_grad():
        assert peak(program) == 2 * KILO


def test_an_exception_does_not_lose_the_peak() -> None:
    memory = PeakMemory()
    kept = []

    def program() -> None:
        with memory:
            kept.append(ones())
            raise ValueError("no luck")

    with pytest.raises(ValueError, match="luck"):
        program()
    assert memory.peak_bytes == KILO


def training(width: int) -> Callable[[], None]:
    """Three steps of Adam on a small network."""
    network = torch.nn.Sequential(
        torch.nn.Linear(16, width),
        torch.nn.Tanh(),
        torch.nn.LayerNorm(width),
        torch.nn.Linear(width, width),
        torch.nn.ReLU(),
        torch.nn.Linear(width, 10),
    )
    inputs, labels = torch.randn(64, 16), torch.randint(10, (64,))
    optimiser = torch.optim.Adam(network.parameters())

    def program() -> None:
        for _ in range(3):
            loss = torch.nn.functional.cross_entropy(network(inputs), labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    return program


@pytest.mark.parametrize("width", [32, 128])
def test_training_takes_what_the_profiler_of_torch_says(width: int) -> None:
    ours, theirs = peak(training(width)), profiled_peak(training(width))
    assert ours == pytest.approx(theirs, abs=64)  # scalars inside kernels, a few bytes each
    assert ours > 64 * width * 4
