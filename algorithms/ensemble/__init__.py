"""Pareto sets beyond one merged model, which mix predictions or align features."""

from ...entry import FIXED
from ..registry import ALGORITHMS

ALGORITHMS.register_lazily(
    "logits-fusion",
    "algorithms.ensemble.logits_fusion:LogitsFusion",
    summary="Runs all experts and averages their log-probabilities, weighted by the preference.",
    source=(
        "Shi et al. 2024, Decoding-time language model alignment with multiple "
        "objectives. https://arxiv.org/abs/2406.18853"
    ),
    origin=FIXED,
    output="map",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
    delivery="system",
)
ALGORITHMS.register_lazily(
    "dynamic-logits-fusion",
    "algorithms.ensemble.dynamic_logits_fusion:DynamicLogitsFusion",
    summary=(
        "Runs the pretrained model and the experts, and chooses how far to move between them "
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
    delivery="system",
)
ALGORITHMS.register_lazily(
    "react",
    "algorithms.ensemble.react:ReACT",
    summary="One merged model whose features a closed-form matrix maps to those of the experts.",
    source=(
        "Wu et al. 2026, From parameter to representation: a closed-form approach for "
        "controllable model merging. https://arxiv.org/abs/2511.10943"
    ),
    output="map",
    data="unlabelled",
    access="evaluations",
    space="weights",
    track="inductive",
    delivery="system",
)
