"""Operations are counted from shapes, so that a fit has one number on all machines."""

from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch.nn import functional

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run.meters import FlopCounter, PeakMemory
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
    "mode",
    [nullcontext(), torch.inference_mode(), torch.autocast("cpu", torch.bfloat16)],
    ids=["float32", "inference", "bfloat16"],
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
    assert counter.flops == 254_330_220
