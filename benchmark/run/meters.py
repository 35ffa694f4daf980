"""Meters of a fit: energy, floating-point operations, and peak memory."""

import sys
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry

DOMAINS: Final = Path("/sys/class/powercap")


@final
class EnergyMeter:
    """Energy of all processor packages since the meter was created.

    Read from Linux's powercap counters (RAPL), which cover the whole machine: other processes that
    run at the same time are included.

    Args:
        domains: Folder of the counters.
    """

    def __init__(self, domains: Path = DOMAINS) -> None:
        self._domains = domains
        self._before = self._read()

    def joules(self) -> float | None:
        """Return joules since the meter was created; None where no counter can be read."""
        after = self._read()
        if not after or after.keys() != self._before.keys():
            return None
        return sum(self._between(name, after[name]) for name in after) / 1e6

    def _between(self, name: str, after: int) -> int:
        spent = after - self._before[name]
        if spent >= 0:
            return spent
        # The counter wrapped around; a fit is far shorter than two wraps.
        return spent + int((self._domains / name / "max_energy_range_uj").read_text())

    def _read(self) -> Mapping[str, int]:
        try:
            return {
                path.name: int((path / "energy_uj").read_text())
                for path in sorted(self._domains.glob("intel-rapl:?"))
            }
        except (OSError, ValueError):
            return {}


def _entries(matrix: Tensor, *_: object, **__: object) -> int:
    """Return two operations per entry of the matrix."""
    return 2 * matrix.numel()


_aten: Final[Any] = torch.ops.aten
_ADDED: Final[Mapping[Any, Callable[..., int]]] = {
    _aten.mv: _entries,
    _aten.addmv: lambda vector, matrix, *_, **__: _entries(matrix),
    _aten.addmv_: lambda vector, matrix, *_, **__: _entries(matrix),
    _aten.dot: _entries,
    # Attention on processors has the same arguments as on GPUs, and so the same formula.
    **{
        getattr(_aten, f"_scaled_dot_product_flash_attention_for_cpu{suffix}"): flop_registry[
            getattr(_aten, f"_scaled_dot_product_flash_attention{suffix}")
        ]
        for suffix in ("", "_backward")
    },
}
"""Formulas that torch's table leaves out: products with vectors, and attention on processors."""


@final
class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch is untyped here
    """Counts multiplications and additions of matrix products, convolutions and attention.

    The formulas are those of `torch.utils.flop_counter` and depend on shapes only, so that a
    number is the same on every machine and in every precision; elementwise operations are left
    out. Its `FlopCounterMode` itself is not used: it follows modules by hooks that keep tensors
    alive, which raises the peak memory that is measured in the same pass by half. With
    `PeakMemory`, this is the outer one of the two.

    >>> with FlopCounter() as counter:
    ...     _ = torch.ones(2, 3) @ torch.ones(3, 5)
    >>> counter.flops
    60
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation, and count what its formula says."""
        kwargs = kwargs or {}
        formula = _ADDED.get(func.overloadpacket) or flop_registry.get(func.overloadpacket)
        if formula is None:
            # In inference mode torch hands over composite operations, such as `linear`, whole.
            with self:
                result = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if result is NotImplemented else result
        result = func(*args, **kwargs)
        self.flops += formula(*args, **kwargs, out_val=result)
        return result


def peak_rss() -> int | None:
    """Return the peak resident memory of this process in bytes; None where it is unknown.

    It includes libraries, and pages shared with the process that this one was forked from.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@final
class PeakMemory(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch is untyped here
    """Counts the bytes of every storage allocated inside the `with` block, and their peak.

    A storage counts once, however many views it has, until it is freed, on any device. Activations
    saved for the backward pass count while they are alive. Storages that existed before, scratch
    memory inside a kernel, and memory of NumPy do not count. Small operations become about half as
    fast: use it in a separate pass, never in a timed one.

    >>> with PeakMemory() as memory:
    ...     for _ in range(3):
    ...         x = torch.zeros(1024)
    >>> memory.peak_bytes  # the old x lives until the new one is made
    8192
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes = 0
        self._bytes = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation, then count the storages it allocated."""
        kwargs = kwargs or {}
        for value in tree_iter((args, kwargs)):
            if isinstance(value, torch.Tensor):
                self._meet(value, counted=False)
        result = func(*args, **kwargs)
        for value in tree_iter((args, kwargs, result)):
            if isinstance(value, torch.Tensor):
                self._meet(value, counted=True)
        self.peak_bytes = max(self.peak_bytes, self._bytes)
        return result

    def _meet(self, tensor: torch.Tensor, *, counted: bool) -> None:
        # Views share a storage, but each Python wrapper of it is new: `_cdata` is its address.
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self._sizes:
            self._sizes[key] = 0 if counted else -1
            weakref.finalize(storage, self._forget, key)
        if self._sizes[key] >= 0:
            size = storage.nbytes()
            self._bytes += size - self._sizes[key]
            self._sizes[key] = size

    def _forget(self, key: int) -> None:
        self._bytes -= max(0, self._sizes.pop(key))
