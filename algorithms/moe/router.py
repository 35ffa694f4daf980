"""Routers: from a preference to the merging coefficients of every routed group of tensors."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, final

import torch
from torch import Tensor

from ...errors import NotApplicableError
from ...problems.experts import Coefficients, ExpertPool
from ...problems.layout import Groups, Space
from ..training.decoder import Decoder, Parameters

Activation = Literal["relu", "tanh"]
Layers = Literal[0, 1, 2]
_ACTIVATIONS: Final[Mapping[Activation, Callable[[Tensor], Tensor]]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
}
_INITIAL_DEVIATION: Final = 0.01
"""Taken from the released code; small enough for training to start at task arithmetic."""


@final
@dataclass(frozen=True, kw_only=True)
class Routers(Decoder):
    """R independent networks from a preference to coefficients, one per routed group.

    Two layers are m -> 2m -> m, with 4 m^2 + 3 m parameters per router; one layer is m -> m, with
    m^2 + m; no layer is a constant of m. Weights start at N(0, 0.01^2), inner biases at 0, output
    biases at `initial`, so that every preference starts at task arithmetic. The output is not
    squashed or normalised. Source: Tang et al. 2024, section 4, and its released code.

    Args:
        space: Granularity of the groups.
        routed: The R rows of that space that have routers.
        initial: Output at the start, and the coefficient of everything that is not routed.
        layers: 0, 1 or 2.
        activation: Activation between two layers. `relu` is the paper's, but a router whose hidden
            units are negative for every preference is dead: its output is constant and it gets no
            gradient to recover. `tanh` has a gradient everywhere.
    """

    space: Space
    routed: tuple[int, ...]
    initial: float
    layers: Layers = 2
    activation: Activation = "relu"

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Return stacked weights and biases of the layers, starting at the preference."""
        r, m = len(self.routed), len(experts)
        widths = [m, 2 * m, m] if self.layers == 2 else [m] * (self.layers + 1)
        parameters = []
        for inputs, outputs in pairwise(widths):
            weight = torch.randn(r, outputs, inputs, generator=generator)
            parameters += [_INITIAL_DEVIATION * weight, torch.zeros(r, outputs)]
        return [*parameters[: 2 * self.layers - 1], torch.full((r, m), self.initial)]

    def decode(
        self, experts: ExpertPool, parameters: Parameters, preference: Tensor
    ) -> Coefficients:
        """Return routed rows by their routers, and the others at `initial`."""
        groups, m = len(experts.layout.groups(self.space).names), len(experts)
        index = torch.tensor(self.routed)
        rest = torch.full((groups, m), self.initial)
        return Coefficients(
            values=rest.index_copy(0, index, self.route(parameters, preference)),
            space=self.space,
            active=torch.zeros(groups, dtype=torch.bool).index_fill(0, index, value=True),
        )

    def route(self, parameters: Parameters, preference: Tensor) -> Tensor:
        """Return the `(R, m)` outputs of the routers for a preference `(m,)`."""
        if self.layers == 0:
            return parameters[0]
        if self.layers == 1:
            return _linear(parameters, preference)
        hidden = self._hidden(parameters, preference)
        return torch.einsum("rmh,rh->rm", parameters[2], hidden) + parameters[3]

    def diagnostics(self, parameters: Parameters) -> dict[str, float]:
        """Return how many routers have two layers and no active unit at any preference.

        The inputs of the hidden units are linear in the preference, so they are largest at a
        corner: a ReLU that is 0 at every corner is 0 everywhere.
        """
        if self.layers < 2:
            return {}
        corners = torch.eye(parameters[3].shape[1])
        active = [self._hidden(parameters, corner).any(dim=1) for corner in corners]
        dead = ~torch.stack(active).any(dim=0)
        return {"dead-routers": float(dead.sum())}

    def _hidden(self, parameters: Parameters, preference: Tensor) -> Tensor:
        return _ACTIVATIONS[self.activation](_linear(parameters, preference))


def _linear(parameters: Parameters, preference: Tensor) -> Tensor:
    first: Tensor = parameters[0] @ preference + parameters[1]
    return first


@final
@dataclass(frozen=True, kw_only=True)
class CornerExactRouters(Decoder):
    """Routers of every group whose corners are the experts: p + (1 - sum_i p_i^2) router(p).

    The factor in brackets is 0 at the corners and largest at the centre. Routers start at 0, so
    training starts from the rewarded soup.

    Args:
        space: Granularity of the groups.
        activation: Activation between the layers, as in `Routers`.
    """

    space: Space = "tensor"
    activation: Activation = "tanh"

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Return the start of two-layer `Routers` of all groups."""
        return self._routers(experts).start(experts, generator)

    def decode(
        self, experts: ExpertPool, parameters: Parameters, preference: Tensor
    ) -> Coefficients:
        """Return the preference plus what the routers add between the corners."""
        inside = (1 - preference.square().sum()).clamp_min(0)
        rows = self._routers(experts).route(parameters, preference)
        return Coefficients(values=preference + inside * rows, space=self.space)

    def diagnostics(self, parameters: Parameters) -> dict[str, float]:
        """Return the diagnostics of the `Routers`."""
        return self._of(len(parameters[0])).diagnostics(parameters)

    def _routers(self, experts: ExpertPool) -> Routers:
        return self._of(len(experts.layout.groups(self.space).names))

    def _of(self, groups: int) -> Routers:
        return Routers(
            space=self.space,
            routed=tuple(range(groups)),
            initial=0.0,
            activation=self.activation,
        )


Routed = Literal["mlp", "attention", "all", "tensors"]
"""The MLPs, the attention modules, every module, or every tensor by itself."""

_NAMES: Final = {"mlp": ("mlp",), "attention": ("attention", "self_attn", "attn")}


def space_of(routed: Routed) -> Space:
    """Return the granularity of the routed groups."""
    return "tensor" if routed == "tensors" else "module"


def routed_rows(groups: Groups, routed: Routed = "mlp", last: int = 0) -> tuple[int, ...]:
    """Return the rows of the groups that are routed.

    Args:
        groups: The partition of space `space_of(routed)`.
        routed: Kind of group that is routed.
        last: Number of blocks that are routed, counted from the last one; 0 routes everything,
            including what is in no block.

    Raises:
        NotApplicableError: If there are none.
    """
    rows = [i for i, name in enumerate(groups.names) if _is(name, routed)]
    if last:
        rows = _of_last_blocks(groups.names, rows, last)
    if not rows:
        wanted = " or ".join(f"`{name}`" for name in _NAMES.get(routed, ("layers.0",)))
        raise NotApplicableError(
            f"The backbone must have modules called {wanted}. Found {', '.join(groups.names)}."
        )
    return tuple(rows)


def _is(name: str, routed: Routed) -> bool:
    return routed not in _NAMES or name.rpartition(".")[2] in _NAMES[routed]


def _of_last_blocks(names: Sequence[str], rows: Sequence[int], last: int) -> list[int]:
    numbers = {row: _block(names[row]) for row in rows}
    present = sorted({n for n in numbers.values() if n is not None})[-last:]
    return [row for row, number in numbers.items() if number in present]


def _block(name: str) -> int | None:
    found = re.search(r"(?:layers?|h|blocks|resblocks)\.(\d+)\.", name)
    return int(found[1]) if found else None
