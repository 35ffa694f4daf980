"""Floating-point operations of a piece of code, by torch's formulas."""

from collections.abc import Callable, Mapping
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


def _product(matrix: Tensor, *_: object, **__: object) -> int:
    return 2 * matrix.numel()


_VECTORS: Final[Mapping[Any, Callable[..., int]]] = {
    torch.ops.aten.mv: _product,
    torch.ops.aten.addmv: lambda vector, matrix, *_, **__: _product(matrix),
    torch.ops.aten.addmv_: lambda vector, matrix, *_, **__: _product(matrix),
    torch.ops.aten.dot: _product,
}
"""Products with vectors, which torch's own table leaves out and merging is made of."""


@final
class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch is untyped here
    """Counts multiplications and additions of matrix products, convolutions and attention inside.

    As `torch.utils.flop_counter` does, whose formulas it uses, elementwise operations are left out.

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
        result = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        if packet in _VECTORS:
            self.flops += _VECTORS[packet](*args)
        elif packet in flop_registry:
            self.flops += flop_registry[packet](*args, **(kwargs or {}), out_val=result)
        return result
