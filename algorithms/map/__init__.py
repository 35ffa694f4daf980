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
)

_map(
    "map",
    "algorithms.map.map:MAP",
    summary=("Quadratic surrogates of the accuracies in coefficient space, searched by NSGA-III."),
    source=_LI_2025,
)
_map(
    "bayesian-map",
    "algorithms.map.bayesian_map:BayesianMAP",
    summary="MAP with half of its design drawn in the directions where the surrogate errs.",
    source=_LI_2025,
)
_map(
    "nested-map",
    "algorithms.map.nested_map:NestedMAP",
    summary="Merges two models at a time with a two-coefficient MAP; one tree per ray.",
    source=_LI_2025,
)
