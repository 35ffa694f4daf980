"""Mixture-of-experts fusion."""

from typing import Final

from ..registry import ALGORITHMS

_TANG_2024: Final = (
    "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of experts "
    "based model fusion. https://arxiv.org/abs/2406.09770"
)

ALGORITHMS.register_lazily(
    "pwemoe-ls",
    "algorithms.moe.pwemoe:PWEMoE",
    summary=("Routers from the preference to the merging coefficients of each MLP (MoE fusion)."),
    source=_TANG_2024,
    bound={"solver": "linear", "loss": "cross-entropy"},
    output="map",
    data="labelled",
    access="gradients",
    space="module",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pwemoe-epo",
    "algorithms.moe.pwemoe:PWEMoE",
    summary="MoE fusion whose routers are trained by EPO search.",
    source=_TANG_2024,
    bound={"solver": "epo", "loss": "cross-entropy"},
    output="map",
    data="labelled",
    access="gradients",
    space="module",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pwemoe-stch",
    "algorithms.moe.pwemoe:PWEMoE",
    summary="MoE fusion whose routers are trained on the smooth Tchebycheff scalarization.",
    source=_TANG_2024,
    bound={"solver": "smooth-tchebycheff", "loss": "cross-entropy"},
    output="map",
    data="labelled",
    access="gradients",
    space="module",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pwemoe-entropy",
    "algorithms.moe.pwemoe:PWEMoE",
    summary=(
        "MoE fusion whose routers are trained without labels, on normalised prediction entropies."
    ),
    source=_TANG_2024,
    bound={"solver": "linear", "loss": "normalised-entropy"},
    defaults={"learning_rate": 0.0003},
    output="map",
    data="unlabelled",
    access="gradients",
    space="module",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pwemoe-corner-exact",
    "algorithms.moe.pwemoe:PWEMoECornerExact",
    summary="MoE fusion of every tensor; the corners are the experts themselves.",
    source=(
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770 (here without its "
        "fixed coefficient)"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="tensor",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "wemoe",
    "algorithms.moe.wemoe:WEMoE",
    summary="Routers from the input of an MLP to its merging coefficients; not a plain model.",
    source=(
        "Tang et al. 2024, Merging multi-task models via weight-ensembling mixture of "
        "experts. https://arxiv.org/abs/2402.00433"
    ),
    output="constant",
    data="unlabelled",
    access="gradients",
    space="weights",
    track="inductive",
)
