"""Mixture-of-experts fusion."""

from functools import partial
from typing import Final

from ...entry import PAPER, tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_TANG_2024: Final = (
    "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of experts "
    "based model fusion. https://arxiv.org/abs/2406.09770"
)

# Labels that several entries share.
_routers = partial(
    ALGORITHMS.register_lazily,
    output="map",
    access="gradients",
    track="inductive",
    delivery="model",
)

_routers(
    "pwemoe-ls",
    "algorithms.moe.pwemoe:PWEMoE",
    summary="Routers that map the preference to the merging coefficients of each MLP (MoE fusion).",
    source=_TANG_2024,
    origin=PAPER,
    bound={"solver": "linear", "loss": "cross-entropy"},
    added=("activation", "last", "layers", "routed"),
    data="labelled",
    space="module",
)
_routers(
    "pwemoe-epo",
    "algorithms.moe.pwemoe:PWEMoE",
    summary="MoE fusion whose routers are trained by EPO search.",
    source=_TANG_2024,
    origin=PAPER,
    bound={"solver": "epo", "loss": "cross-entropy"},
    data="labelled",
    space="module",
)
_routers(
    "pwemoe-stch",
    "algorithms.moe.pwemoe:PWEMoE",
    summary="MoE fusion whose routers are trained on the smooth Tchebycheff scalarization.",
    source=_TANG_2024,
    origin=PAPER,
    bound={"solver": "smooth-tchebycheff", "loss": "cross-entropy"},
    data="labelled",
    space="module",
)
_routers(
    "pwemoe-entropy",
    "algorithms.moe.pwemoe:PWEMoE",
    summary=(
        "MoE fusion whose routers are trained without labels, on normalised prediction entropies."
    ),
    source=_TANG_2024,
    origin=tuned(*EARLY_PAIRS, trials=4),
    bound={"solver": "linear", "loss": "normalised-entropy"},
    # Of 3e-4, 1e-3, 3e-3 and 1e-2, the smallest was best in validation on `digits-left-right` and
    # `digits-mnist-neg180`: at 1e-2 predictions become confident and wrong.
    defaults={"learning_rate": 3e-4},
    data="unlabelled",
    space="module",
)
# The paper's routers lose their units, and its fixed coefficient limits the corners: each of these
# entries removes one cause or both.
_routers(
    "pwemoe-ls-tanh",
    "algorithms.moe.pwemoe:TanhPWEMoE",
    origin=PAPER,
    summary="MoE fusion whose routers have tanh units, which cannot die.",
    source=_TANG_2024,
    bound={"solver": "linear", "loss": "cross-entropy"},
    data="labelled",
    space="module",
)
_routers(
    "pwemoe-ls-tensors",
    "algorithms.moe.pwemoe:TensorPWEMoE",
    origin=PAPER,
    summary="MoE fusion of every tensor, whose routers have tanh units, which cannot die.",
    source=_TANG_2024,
    bound={"solver": "linear", "loss": "cross-entropy"},
    data="labelled",
    space="tensor",
)
_routers(
    "pwemoe-epo-tensors",
    "algorithms.moe.pwemoe:TensorPWEMoE",
    origin=PAPER,
    summary=(
        "MoE fusion of every tensor by EPO search, whose routers have tanh units, which cannot die."
    ),
    source=_TANG_2024,
    bound={"solver": "epo", "loss": "cross-entropy"},
    data="labelled",
    space="tensor",
)
_routers(
    "pwemoe-corner-exact",
    "algorithms.moe.pwemoe:PWEMoECornerExact",
    summary="MoE fusion of every tensor, whose corners are exactly the experts.",
    source=(
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770 (here without its "
        "fixed coefficient)"
    ),
    data="labelled",
    space="tensor",
)
ALGORITHMS.register_lazily(
    "wemoe",
    "algorithms.moe.wemoe:WEMoE",
    summary=(
        "Routers that map the input of an MLP to its merging coefficients; the result is not a "
        "plain model."
    ),
    source=(
        "Tang et al. 2024, Merging multi-task models via weight-ensembling mixture of "
        "experts. https://arxiv.org/abs/2402.00433"
    ),
    origin=PAPER,
    output="constant",
    data="unlabelled",
    access="gradients",
    space="weights",
    track="inductive",
    delivery="system",
)
