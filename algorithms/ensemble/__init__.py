"""Pareto sets beyond one merged model: predictions mixed, features aligned."""

from ..registry import ALGORITHMS

ALGORITHMS.register_lazily(
    "logits-fusion",
    "algorithms.ensemble.logits_fusion:LogitsFusion",
    summary=(
        "All experts run; their log-probabilities are averaged with the preference as weights."
    ),
    source=(
        "Shi et al. 2024, Decoding-time language model alignment with multiple "
        "objectives. https://arxiv.org/abs/2406.18853"
    ),
    output="map",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "dynamic-logits-fusion",
    "algorithms.ensemble.dynamic_logits_fusion:DynamicLogitsFusion",
    summary=(
        "The pretrained model and the experts run; the distance between them is chosen "
        "for each input."
    ),
    source=(
        "Fan et al. 2024, On giant's shoulders: effortless weak to strong by dynamic "
        "logits fusion. https://arxiv.org/abs/2406.15480"
    ),
    output="map",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "react",
    "algorithms.ensemble.react:ReACT",
    summary=("One merged model whose features are mapped to the experts' by a closed-form matrix."),
    source=(
        "Wu et al. 2026, From parameter to representation: a closed-form approach for "
        "controllable model merging. https://arxiv.org/abs/2511.10943"
    ),
    output="map",
    data="unlabelled",
    access="evaluations",
    space="weights",
    track="inductive",
)
