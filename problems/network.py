"""Operations on any backbone: flat parameters, features, replaced layers, recomputed blocks."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, final

import torch
from torch import Tensor, nn
from torch import addmm as torch_addmm
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

from .layout import Layout
from .predictor import Layer

EVALUATION_BATCH: Final = 125
"""Examples per batch when a network is evaluated. Activations should fit in the cache of a CPU:
small language models take 1.5 times as long with 250, and small vision transformers with 16."""


def trainable(network: nn.Module) -> tuple[Layout, Tensor]:
    """Return the layout and a flat copy `(P,)` of the parameters that require gradients."""
    named = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    layout = Layout(names=tuple(named), shapes=tuple(tuple(p.shape) for p in named.values()))
    return layout, torch.cat([p.reshape(-1) for p in named.values()])


@torch.no_grad()
def load_parameters(network: nn.Module, layout: Layout, flat: Tensor) -> None:
    """Copy a flat vector `(P,)` into the parameters of a layout; others stay as they are."""
    named = dict(network.named_parameters())
    for name, value in layout.unflatten(flat.detach()).items():
        named[name].copy_(value)


def features(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return `(n, H)` features of any number of inputs, in batches and without gradients."""
    with torch.inference_mode():
        return torch.cat([network(part) for part in torch.split(inputs, EVALUATION_BATCH)])


@final
class LinearLayers(TorchFunctionMode):
    """A context in which a function replaces `nn.Linear` and GPT-2's layers.

    Args:
        names: Weight names by the id of the tensor; layers with other weights are not replaced.
        layer: Called instead of the layer. Layers that it calls itself are not replaced.
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
    """Return names by the id of their tensors."""
    return {id(tensor): name for name, tensor in named.items()}


VARIABLE: Final = "FUSEFRONT_RECOMPUTE"


def recomputes() -> bool:
    """Return whether the environment variable `FUSEFRONT_RECOMPUTE` is 1."""
    return os.environ.get(VARIABLE) == "1"


def recompute_blocks(network: nn.Module) -> nn.Module:
    """Make the blocks of a network (entries of its `nn.ModuleList`s) recompute their activations.

    A backward pass then needs one more forward pass, holds the activations of one block at a time,
    and gives the same bits. Blocks must not draw random numbers.
    """
    lists = [module for module in network.modules() if isinstance(module, nn.ModuleList)]
    for block in (block for blocks in lists for block in blocks):
        _wrap(block)
    return network


def _wrap(block: nn.Module) -> None:
    inner = block.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return inner(*args, **kwargs)
        # Under `functional_call` the module's parameters are replaced during the forward pass only.
        # The recomputation happens in the backward pass, so it needs the parameters of this moment.
        parameters = dict(block.named_parameters())

        def recompute(parameters: Mapping[str, Tensor], *args: Any) -> Any:
            block.forward = inner
            try:
                return torch.func.functional_call(block, dict(parameters), args, kwargs)
            finally:
                block.forward = forward

        return checkpoint(
            recompute, parameters, *args, use_reentrant=False, preserve_rng_state=False
        )

    block.forward = forward
