"""Linear layers of a network, and the choice of the kernel that computes them."""

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
from torch import addmm as torch_addmm
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ..errors import ParameterError
from .cache import cache_directory, read_json, write_whole
from .predictor import Layer

Kernel = Literal["default", "onednn"]
"""What multiplies float32 matrices: torch's choice for them, or oneDNN."""

VARIABLE: Final = "FUSEFRONT_LINEAR"
_WORTH: Final = 1.2
"""oneDNN is taken where it is faster by this factor at the shape of `_measure`."""
_LEAST: Final = 1 << 22
"""Multiplications below which calling oneDNN costs more than it saves."""
_ROWS, _WIDTH, _REPETITIONS = 400, 768, 3


def linear_kernels(kernel: Kernel | None = None) -> AbstractContextManager[object]:
    """Inside, linear layers use this kernel; by default the one chosen for this machine.

    Both are exact float32 and differ by rounding only.
    """
    return _OneDnn() if (kernel or linear_kernel()) == "onednn" else nullcontext()


@cache
def linear_kernel() -> Kernel:
    """The kernel of this machine: `FUSEFRONT_LINEAR` if set, else the measured one.

    Measured once for a processor and version of torch and kept in the cache directory, so that all
    runs of a machine have the same bits.

    Raises:
        ParameterError: If the variable has another value.
    """
    asked = os.environ.get(VARIABLE)
    if asked:
        if asked not in get_args(Kernel):
            raise ParameterError(
                f"`{VARIABLE}` must be {' or '.join(get_args(Kernel))}. Found {asked}."
            )
        return cast(Kernel, asked)
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
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - no file of ours
            lines = [line.split(":")[1] for line in file if line.startswith(("model", "vendor_id"))]
    except OSError:
        lines = [platform.processor()]
    return "_".join("".join(dict.fromkeys(lines)).split())


def _measure() -> float:
    """Median ratio of default to oneDNN time, taken in pairs on one thread; 0 without oneDNN."""
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
    # An internal operation of torch: `_available` looks whether it is there and right.
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
    """Sends large float32 `linear` and `addmm` (GPT-2's layers) to oneDNN."""

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


@final
class LinearLayers(TorchFunctionMode):
    """Inside, `nn.Linear` and GPT-2's layers with these weights are computed by a function.

    Args:
        names: Weight names by the id of the tensor; other layers stay as they are.
        layer: Called in place of the layer; inside it, layers are plain again.
    """

    def __init__(self, names: Mapping[int, str], layer: Layer) -> None:
        super().__init__()
        self._names = names
        self._layer = layer

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is functional.linear and id(args[1]) in self._names:
            x, weight, bias = (*args, None)[:3]
            return self._layer(self._names[id(args[1])], x, weight, bias)
        if func is torch_addmm and id(args[2]) in self._names:
            bias, x, weight = args
            return self._layer(self._names[id(args[2])], x, weight.T, bias)
        return func(*args, **(kwargs or {}))


def names_of(named: Mapping[str, Tensor]) -> dict[int, str]:
    """Names by the id of the tensors."""
    return {id(tensor): name for name, tensor in named.items()}
