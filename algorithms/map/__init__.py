"""MAP and its variants."""

from functools import partial
from typing import Final

from ..registry import ALGORITHMS

_LI_2025: Final = (
    "Li et al. 2025, MAP: Model merging with amortized Pareto fronts, ICLR. "
    "https://arxiv.org/abs/2406.07529"
)

# Labels that several entries share.
_map = partial(
    ALGORITHMS.register_lazily,
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
    delivery="model",
)

_map(
    "map",
    "algorithms.map.map:MAP",
    summary="Fits quadratic surrogates of the accuracies and searches them with NSGA-III.",
    source=_LI_2025,
)
_map(
    "bayesian-map",
    "algorithms.map.bayesian_map:BayesianMAP",
    summary="MAP with half of its design sampled in the directions where the surrogate errs most.",
    source=_LI_2025,
)
_map(
    "nested-map",
    "algorithms.map.nested_map:NestedMAP",
    summary=(
        "One tree of merges per ray, in which MAP with two coefficients merges two models at a "
        "time."
    ),
    source=_LI_2025,
)
