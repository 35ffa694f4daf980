"""PWEMoE: Pareto sets by mixture-of-experts fusion."""

from dataclasses import dataclass
from typing import final

from ...problems.view import ProblemView
from ..training.decoder import Decoder
from ..training.map_algorithm import MapAlgorithm
from .router import Activation, CornerExactRouters, Layers, Routed, Routers, routed_rows, space_of


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoE(MapAlgorithm):
    """Routers in modules of a network, trained with one random preference a step.

    Each routed module l has the weights `base_l + sum_t router_l(p)_t task_vector_{t,l}`;
    everything else is fixed at task arithmetic with `initial`. For a fixed preference the model is
    a plain network. Source: Tang et al. 2024, with the released code's settings.

    Args:
        initial: Router output at the start, and the coefficient of all that is not routed.
        routed: `mlp` is the paper's main form; `attention`, `all` modules (its other form, here
            with the embeddings too), or all `tensors`, each with a router of its own.
        last: Route the last so many blocks only; 0 is all.
        layers: Of each router: 2 is the paper's; 1 is linear, 0 a constant that is learned.
        activation: Between two layers; `relu` is the paper's, `tanh` cannot die.
    """

    initial: float = 0.3
    routed: Routed = "mlp"
    last: int = 0
    layers: Layers = 2
    activation: Activation = "relu"

    def decoder(self, view: ProblemView) -> Decoder:
        """Routers of the chosen modules."""
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
class PWEMoECornerExact(MapAlgorithm):
    """Routers of every tensor whose corners are the experts, trained on sum_i p_i L_i.

    Lambda(p) = p + (1 - sum_i p_i^2) router(p): no fixed coefficient caps what a corner can reach.

    Args:
        activation: Between the two layers of a router.
    """

    activation: Activation = "tanh"

    def decoder(self, view: ProblemView) -> Decoder:
        """Routers of all tensors."""
        return CornerExactRouters(activation=self.activation)
