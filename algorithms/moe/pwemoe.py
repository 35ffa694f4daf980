"""PWEMoE: Pareto sets by mixture-of-experts fusion."""

from abc import ABC
from dataclasses import dataclass
from typing import final

from ...domains import CountOrZero
from ...problems.view import ProblemView
from ..training.decoder import Decoder
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Initial
from .router import Activation, CornerExactRouters, Layers, Routed, Routers, routed_rows, space_of


@dataclass(frozen=True, kw_only=True)
class _PWEMoE(MapAlgorithm, ABC):
    """Routers in modules of a network, trained with one random preference per step.

    Each routed module l has the weights `pretrained_l + sum_t router_l(p)_t task_vector_{t,l}`;
    everything else is task arithmetic with `initial`. For a fixed preference the model is a plain
    network. Source: Tang et al. 2024, with the released code's settings.

    Args:
        initial: Router output at the start, and the coefficient of everything that is not routed.
        routed: Groups that have routers: `mlp`, the paper's main form; `attention`; `all` modules,
            its other form, here including the embeddings; or all `tensors`, one router each.
        last: Number of blocks that are routed, counted from the last one; 0 routes all blocks.
        layers: Layers of each router: 2 as in the paper, 1 for a linear map, 0 for a learned
            constant.
        activation: Activation between two layers: `relu` as in the paper, or `tanh`, which cannot
            die.
    """

    initial: Initial = 0.3
    routed: Routed = "mlp"
    last: CountOrZero = 0
    layers: Layers = 2
    activation: Activation = "relu"

    def decoder(self, view: ProblemView) -> Decoder:
        """Return routers of the chosen modules."""
        space = space_of(self.routed)
        return Routers(
            space=space,
            routed=routed_rows(view.experts.layout.groups(space), self.routed, self.last),
            initial=self.initial,
            layers=self.layers,
            activation=self.activation,
        )


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoE(_PWEMoE):
    """Routers with ReLU units in every MLP, as in the paper."""


@final
@dataclass(frozen=True, kw_only=True)
class TanhPWEMoE(_PWEMoE):
    """Routers with tanh units in every MLP: ReLU units can lose every preference for good."""

    activation: Activation = "tanh"


@final
@dataclass(frozen=True, kw_only=True)
class TensorPWEMoE(_PWEMoE):
    """Routers with tanh units for every tensor: nothing is left at a fixed coefficient."""

    routed: Routed = "tensors"
    activation: Activation = "tanh"


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoECornerExact(MapAlgorithm):
    """Routers of every tensor, trained on sum_i p_i L_i; the corners are the experts.

    Lambda(p) = p + (1 - sum_i p_i^2) router(p): no fixed coefficient limits the quality at a
    corner.

    Args:
        activation: Activation between the two layers of a router.
    """

    activation: Activation = "tanh"

    def decoder(self, view: ProblemView) -> Decoder:
        """Return routers of all tensors."""
        return CornerExactRouters(activation=self.activation)
