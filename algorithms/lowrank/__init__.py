"""Low-rank and multi-member maps: the Pareto set in one model."""

from functools import partial
from typing import Final

from ...entry import tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_CHEN_2025: Final = (
    "Chen and Kwok 2025, Pareto merging: Multi-objective optimization for "
    "preference-aware model merging, ICML. https://arxiv.org/abs/2408.12105"
)

# Labels that several entries share.
_trained_map = partial(
    ALGORITHMS.register_lazily,
    output="map",
    data="labelled",
    access="gradients",
    track="inductive",
    delivery="model",
)

_trained_map(
    "pamal",
    "algorithms.lowrank.pamal:ParetoManifoldLearning",
    summary="All experts, trained further so that every mixture of them is a good model.",
    source=(
        "Dimitriadis et al. 2023, Pareto manifold learning, ICML. https://arxiv.org/abs/2210.09759"
    ),
    origin=tuned(*EARLY_PAIRS, trials=4),
    space="weights",
)
_trained_map(
    "lorpman",
    "algorithms.lowrank.adapter_manifolds:LowRankParetoManifold",
    summary=("A main model and one orthogonal low-rank adapter per task, mixed by the preference."),
    source=(
        "Chen and Kwok 2024, Efficient Pareto manifold learning with low-rank structure, "
        "ICML. https://arxiv.org/abs/2407.20734"
    ),
    origin=tuned(*EARLY_PAIRS, trials=3),
    space="weights",
)
_trained_map(
    "palora",
    "algorithms.lowrank.adapter_manifolds:ParetoLowRankAdapters",
    summary=(
        "A main model and one low-rank adapter per task, trained on preferences that spread "
        "from the centre."
    ),
    source=(
        "Dimitriadis et al. 2025, Pareto low-rank adapters: Efficient multi-task "
        "learning with preferences, ICLR. https://arxiv.org/abs/2407.08056"
    ),
    origin=tuned(*EARLY_PAIRS, trials=2),
    space="weights",
)
_trained_map(
    "panacea",
    "algorithms.lowrank.panacea:Panacea",
    summary="A merge plus a low-rank term whose last singular values are the preference.",
    source=(
        "Zhong et al. 2024, Panacea: Pareto alignment via preference adaptation for "
        "LLMs, NeurIPS. https://arxiv.org/abs/2402.02030"
    ),
    origin=tuned(*EARLY_PAIRS, trials=2),
    space="low-rank",
)
_trained_map(
    "mhr",
    "algorithms.lowrank.multi_head:MultiHeadRouting",
    summary="Low-rank adapters of the experts, mixed block by block with routes by the preference.",
    source=(
        "Caccia et al. 2023, Multi-head adapter routing for cross-task generalization, NeurIPS. "
        "https://arxiv.org/abs/2211.03831"
    ),
    space="low-rank",
)
ALGORITHMS.register_lazily(
    "pareto-merging",
    "algorithms.lowrank.pareto_merging:ParetoMerging",
    summary=(
        "A merge plus a low-rank tensor that is trained on prediction entropies, without labels."
    ),
    source=_CHEN_2025,
    origin=tuned(*EARLY_PAIRS, trials=4),
    output="map",
    data="unlabelled",
    access="gradients",
    space="low-rank",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "pareto-merging-data-free",
    "algorithms.lowrank.pareto_merging:DataFreeParetoMerging",
    summary=(
        "A merge plus a low-rank tensor that is trained on distances to the experts, without data."
    ),
    source=_CHEN_2025,
    output="map",
    data="none",
    access="weights",
    space="low-rank",
    track="inductive",
    delivery="model",
)
