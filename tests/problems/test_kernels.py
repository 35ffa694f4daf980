import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fusefront.errors import ParameterError
from fusefront.problems import arithmetic as kernels
from fusefront.problems.arithmetic import linear_kernel, linear_kernels


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(kernels.VARIABLE, raising=False)
    linear_kernel.cache_clear()
    yield
    linear_kernel.cache_clear()


def passes(x: Tensor, weight: Tensor, bias: Tensor | None, *, gpt2: bool) -> list[Tensor]:
    """Output and gradients of a layer, as `nn.Linear` or as GPT-2's transposed one."""
    leaves = [t.clone().requires_grad_() for t in (x, weight, bias) if t is not None]
    if gpt2:
        y = torch.addmm(leaves[2], leaves[0].flatten(0, -2), leaves[1].T)
    else:
        y = functional.linear(*leaves)
    gradients = torch.autograd.grad(y.square().sum(), leaves)
    return [y.detach(), *gradients]


@pytest.mark.parametrize(("gpt2", "has_bias"), [(False, True), (False, False), (True, True)])
def test_onednn_gives_the_same_layer_and_gradients(
    gpt2: bool, has_bias: bool, generator: torch.Generator
) -> None:
    x = torch.randn(4, 100, 96, generator=generator)
    weight = torch.randn(128, 96, generator=generator) / 10
    bias = torch.randn(128, generator=generator) if has_bias else None
    plain = passes(x, weight, bias, gpt2=gpt2)
    with linear_kernels("onednn"):
        fast = passes(x, weight, bias, gpt2=gpt2)
    for a, b in zip(plain, fast, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)


def test_large_layers_go_to_onednn_and_small_or_other_ones_do_not(
    monkeypatch: pytest.MonkeyPatch, generator: torch.Generator
) -> None:
    called: list[tuple[int, ...]] = []
    inner = kernels._onednn

    def spy(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        called.append(tuple(x.shape))
        return inner(x, weight, bias)

    monkeypatch.setattr(kernels, "_onednn", spy)
    with torch.no_grad(), linear_kernels("onednn"):
        functional.linear(torch.ones(256, 128), torch.ones(128, 128))
        functional.linear(torch.ones(2, 128), torch.ones(128, 128))
        functional.linear(torch.ones(256, 128).double(), torch.ones(128, 128).double())
        with torch.autocast("cpu", torch.bfloat16):
            functional.linear(torch.ones(256, 128), torch.ones(128, 128))
    assert called == [(256, 128)]


def test_choice_is_measured_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    speedups = iter([1.7, 0.1])
    monkeypatch.setattr(kernels, "_measure", lambda: next(speedups))
    assert linear_kernel() == "onednn"
    linear_kernel.cache_clear()
    assert linear_kernel() == "onednn"
    (file,) = (tmp_path / "kernels").glob("*.json")
    assert json.loads(file.read_text()) == {"kernel": "onednn", "onednn_speedup": 1.7}


def test_small_gains_are_not_worth_another_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    monkeypatch.setattr(kernels, "_measure", lambda: 1.1)
    assert linear_kernel() == "default"


def test_measurement_is_a_positive_ratio_and_leaves_the_threads_unchanged() -> None:
    before = torch.get_num_threads()
    assert kernels._measure() > 0 or not kernels._available()
    assert torch.get_num_threads() == before


def test_variable_overrules_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernels.VARIABLE, "onednn")
    assert linear_kernel() == "onednn"
    linear_kernel.cache_clear()
    monkeypatch.setenv(kernels.VARIABLE, "mkl")
    with pytest.raises(ParameterError, match=r"FUSEFRONT_LINEAR.*mkl"):
        linear_kernel()
