"""What every backbone provides: trainable parameters, features, and activation checkpointing."""

import os
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .layout import Layout

EVALUATION_BATCH: Final = 250
"""Examples per batch when a network is evaluated: the fastest measured for small vision
transformers on a CPU, whose activations then stay in the cache."""


def trainable(network: nn.Module) -> tuple[Layout, Tensor]:
    """Layout and a flat copy `(P,)` of the parameters that require gradients."""
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
    """`(n, H)` features of any number of inputs, in batches and without gradients."""
    with torch.inference_mode():
        return torch.cat([network(part) for part in torch.split(inputs, EVALUATION_BATCH)])


VARIABLE: Final = "FUSEFRONT_RECOMPUTE"


def recomputes() -> bool:
    """Whether the environment variable `FUSEFRONT_RECOMPUTE` is 1."""
    return os.environ.get(VARIABLE) == "1"


def recompute_blocks(network: nn.Module) -> nn.Module:
    """The network, whose blocks (entries of its `nn.ModuleList`s) hold no activations.

    A backward pass takes a forward pass more, and gives the same bits. Blocks must not draw random
    numbers. Works under `torch.func.functional_call`: a block computes again with the parameters
    of its first pass, not with those that the module has by then.
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
        parameters = dict(block.named_parameters())

        def again(parameters: Mapping[str, Tensor], *args: Any) -> Any:
            block.forward = inner
            try:
                return torch.func.functional_call(block, dict(parameters), args, kwargs)
            finally:
                block.forward = forward

        return checkpoint(again, parameters, *args, use_reentrant=False, preserve_rng_state=False)

    block.forward = forward
