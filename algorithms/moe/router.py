"""Routers: from a preference to the merging coefficients of every routed module."""

from typing import Final, final

import torch
from torch import Tensor

_INITIAL_DEVIATION: Final = 0.01


@final
class RouterBank:
    """R independent two-layer routers m -> 2m -> m with ReLU, one a routed module.

    Weights start at N(0, 0.01^2), hidden biases at 0, output biases at `initial`, so that every
    preference starts at task arithmetic. The output is not squashed or normalised.
    4 m^2 + 3 m parameters a router. Source: Tang et al. 2024, section 4, and its released code.

    Args:
        modules: R.
        tasks: m.
        initial: Output at the start.
        generator: Draws the weights.
    """

    def __init__(self, modules: int, tasks: int, initial: float, generator: torch.Generator):
        def normal(*shape: int) -> Tensor:
            return _INITIAL_DEVIATION * torch.randn(shape, generator=generator)

        self.parameters = [
            normal(modules, 2 * tasks, tasks).requires_grad_(),
            torch.zeros(modules, 2 * tasks, requires_grad=True),
            normal(modules, tasks, 2 * tasks).requires_grad_(),
            torch.full((modules, tasks), initial, requires_grad=True),
        ]

    def __call__(self, preference: Tensor) -> Tensor:
        """`(R, m)` coefficients for a preference `(m,)`."""
        return route(self.parameters, preference)


def route(parameters: list[Tensor], preference: Tensor) -> Tensor:
    """`(R, m)` coefficients of the routers with these four stacked parameters."""
    inner, inner_bias, outer, outer_bias = parameters
    hidden = torch.relu(inner @ preference + inner_bias)
    return torch.einsum("rmh,rh->rm", outer, hidden) + outer_bias
