"""Linear layers of a network that somebody looks at, or computes otherwise."""

from collections.abc import Callable, Mapping
from typing import Any, final

from torch import Tensor
from torch import addmm as torch_addmm
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from .predictor import Layer


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
