"""Answers beyond one merged model: name, class, summary, source, labels."""

from typing import Final

ENTRIES: Final = (
    (
        "logits-fusion",
        "ensemble.logits_fusion:LogitsFusion",
        "Every expert run, their log-probabilities averaged with the preference as weights.",
        "Shi et al. 2024, Decoding-time language model alignment with multiple objectives. "
        "https://arxiv.org/abs/2406.18853",
        "map none weights weights inductive",
    ),
    (
        "dynamic-logits-fusion",
        "ensemble.dynamic_logits_fusion:DynamicLogitsFusion",
        "Base and experts run, the distance from the base chosen for each input.",
        "Fan et al. 2024, On giant's shoulders: effortless weak to strong by dynamic logits "
        "fusion. https://arxiv.org/abs/2406.15480",
        "map none weights weights inductive",
    ),
    (
        "react",
        "ensemble.react:ReACT",
        "One merged model whose features a closed-form matrix draws to the experts'.",
        "Wu et al. 2026, From parameter to representation: a closed-form approach for "
        "controllable model merging. https://arxiv.org/abs/2511.10943",
        "map unlabelled evaluations weights inductive",
    ),
)
