"""The kernel of linear layers, which is a property of the machine.

oneDNN is much faster than torch's default on some processors and slower on others, so both are
measured once per machine.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Final, Literal, cast, final, get_args

import torch
from filelock import FileLock
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ..errors import ParameterError
from .cache import cache_directory, read_json, write_whole

Kernel = Literal["default", "onednn"]
"""The library that multiplies float32 matrices: torch's own choice, or oneDNN."""

VARIABLE: Final = "FUSEFRONT_LINEAR"
_WORTH: Final = 1.2
"""Smallest speed-up at the shape of `_measure` for which oneDNN is used."""
_LEAST: Final = 1 << 22
"""Number of multiplications below which calling oneDNN costs more than it saves."""
_ROWS, _WIDTH, _REPETITIONS = 400, 768, 3


def linear_kernels(kernel: Kernel | None = None) -> AbstractContextManager[object]:
    """Return a context in which linear layers use this kernel, by default that of this machine.

    Both kernels compute in float32 and differ only by rounding.
    """
    return _OneDnn() if (kernel or linear_kernel()) == "onednn" else nullcontext()


@cache
def linear_kernel() -> Kernel:
    """Return the kernel of this machine: `FUSEFRONT_LINEAR` if set, else the faster one.

    It is measured once per processor and version of torch and kept in the cache directory. A new
    measurement in every process could choose differently, and runs would differ in their bits.

    Raises:
        ParameterError: If the variable is not the name of a kernel.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted:
        if wanted not in get_args(Kernel):
            raise ParameterError(
                f"`{VARIABLE}` must be {' or '.join(get_args(Kernel))}. Found {wanted}. "
                "Unset it to use the faster kernel of this machine."
            )
        return cast(Kernel, wanted)
    file = cache_directory() / "kernels" / f"{_machine()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):
        known = read_json(file)
        if known is None:
            speedup = _measure()
            kernel: Kernel = "onednn" if speedup >= _WORTH else "default"
            known = {"kernel": kernel, "onednn_speedup": round(speedup, 3)}
            write_whole(file, json.dumps(known).encode())
    return cast(Kernel, known["kernel"])


def _machine() -> str:
    features = torch.backends.cpu.get_cpu_capability()
    return "-".join([platform.machine(), features, _processor(), torch.__version__]).replace(
        "/", "-"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - not one of our files
            lines = [line.split(":")[1] for line in file if line.startswith(("model", "vendor_id"))]
    except OSError:
        lines = [platform.processor()]
    return "_".join("".join(dict.fromkeys(lines)).split())


def _measure() -> float:
    """Return the median ratio of default to oneDNN time on one thread; 0 without oneDNN.

    The two are timed in pairs, so that other load on the machine affects both; the first pair is
    the warm-up.
    """
    if not _available():
        return 0.0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        x, w, b = torch.ones(_ROWS, _WIDTH), torch.ones(_WIDTH, _WIDTH), torch.ones(_WIDTH)
        with torch.inference_mode():
            pairs = [
                _seconds(lambda: functional.linear(x, w, b)) / _seconds(lambda: _onednn(x, w, b))
                for _ in range(_REPETITIONS + 1)
            ]
    finally:
        torch.set_num_threads(threads)
    return sorted(pairs[1:])[_REPETITIONS // 2]


def _available() -> bool:
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    generator = torch.Generator().manual_seed(0)
    x, w, b = (torch.randn(s, generator=generator) for s in ((5, 7), (3, 7), (3,)))
    try:
        return torch.allclose(_onednn(x, w, b), functional.linear(x, w, b), atol=1e-5)
    except (RuntimeError, AttributeError):
        return False


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _onednn(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    # An internal operation of torch, so `_available` checks that it exists and is correct.
    found: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return found


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x if weight.requires_grad else None, weight)
        ctx.has_bias = bias is not None
        return _onednn(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].flatten(0, -2)
        for_x, for_weight, for_bias = ctx.needs_input_grad
        return (
            _onednn(gradients[0], weight.T, None) if for_x else None,
            _onednn(gradient.T, x.flatten(0, -2).T, None) if for_weight else None,
            gradient.sum(0) if for_bias and ctx.has_bias else None,
        )


@final
class _OneDnn(TorchFunctionMode):
    """Computes large float32 calls of `linear` and `addmm` (GPT-2's layers) with oneDNN."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if not kwargs and func is functional.linear:
            x, weight, bias = (*args, None)[:3]
            if _suits(x, weight):
                return _apply(x, weight, bias)
        if not kwargs and func is torch.addmm:
            bias, x, weight = args
            if bias.ndim == 1 and _suits(x, weight.T):
                return _apply(x, weight.T, bias)
        return func(*args, **(kwargs or {}))


def _apply(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    found: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return found


def _suits(x: Tensor, weight: Tensor) -> bool:
    return (
        x.dtype == weight.dtype == torch.float32
        and x.device.type == "cpu"
        and x.numel() * len(weight) >= _LEAST
        and not torch.is_autocast_enabled("cpu")
    )
