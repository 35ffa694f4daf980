"""PWEMoE: Pareto sets by mixture-of-experts fusion."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

from ...problems.view import ProblemView
from ..gradient.epo import EPO
from ..training.criterion import Criterion, NormalisedEntropy
from ..training.decoder import Decoder
from ..training.map_algorithm import MapAlgorithm
from ..training.weighting import SmoothTchebycheff, Weighting
from .router import Activation, CornerExactRouters, Layers, Routed, Routers, routed_rows, space_of


@dataclass(frozen=True, kw_only=True)
class _PWEMoE(MapAlgorithm, ABC):
    """Routers in modules of a network, trained with one random preference a step.

    Each routed module l has the weights `base_l + sum_t router_l(p)_t task_vector_{t,l}`;
    everything else is fixed at task arithmetic with `initial`. For a fixed preference the model is
    a plain network. Source: Tang et al. 2024, with the released code's settings.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        concentration: Of the Dirichlet distribution of training preferences.
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
class PWEMoELinear(_PWEMoE):
    """Routers in every MLP, trained on sum_i p_i L_i (PWEMoE-LS)."""


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoEEPO(_PWEMoE):
    """Routers in every MLP, trained by EPO search: p_i L_i equal for all tasks (PWEMoE-EPO)."""

    weighting: ClassVar[Weighting] = EPO()


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoESmoothTchebycheff(_PWEMoE):
    """Routers in every MLP, trained on the smooth Tchebycheff scalarization."""

    weighting: ClassVar[Weighting] = SmoothTchebycheff()


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoEEntropy(_PWEMoE):
    """Routers in every MLP, trained without labels on sum_i p_i H_i / log C_i.

    H_i is the entropy of task i's predictions over its C_i classes, as in AdaMerging. Of learning
    rates 3e-4, 1e-3, 3e-3 and 1e-2 the least was the best on validation of `digits-left-right` and
    `digits-mnist-neg180`; at the routers' 1e-2 predictions become sure and wrong.
    """

    learning_rate: float = 3e-4

    criterion: ClassVar[Criterion] = NormalisedEntropy()


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoECornerExact(MapAlgorithm):
    """Routers of every tensor whose corners are the experts, trained on sum_i p_i L_i.

    Lambda(p) = p + (1 - sum_i p_i^2) router(p): no fixed coefficient caps what a corner can reach.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        concentration: Of the Dirichlet distribution of training preferences.
        activation: Between the two layers of a router.
    """

    activation: Activation = "tanh"

    def decoder(self, view: ProblemView) -> Decoder:
        """Routers of all tensors."""
        return CornerExactRouters(activation=self.activation)
