"""Peak memory: of tensors, exact to the byte, and of the whole process."""

import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any, final

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


def peak_rss() -> int | None:
    """Most bytes of this process that were resident at once; None where the system does not tell.

    Libraries count, and what was there before a fork.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@final
class PeakMemory(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch is untyped here
    """Counts bytes of every storage allocated inside the `with` block, and their peak.

    A storage counts once however many views it has, until it is freed, on whatever device it is;
    activations saved for the backward pass count while they are alive. Storages that existed before
    do not count, nor does scratch memory inside a kernel, nor memory of NumPy. It slows small
    operations by about half: use it in a pass of its own, never in a timed one.

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
        """Run the operation, then count the storages it made."""
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
