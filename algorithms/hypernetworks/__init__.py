"""Hypernetworks: from a preference to a model."""

from typing import Final

from ..registry import ALGORITHMS

_NAVON_2021: Final = (
    "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
    "https://arxiv.org/abs/2010.04104 (here over merging coefficients)"
)
_NAVON_2021_2: Final = (
    "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
    "https://arxiv.org/abs/2010.04104 (with the terms of Zhong et al. 2024, Panacea)"
)

ALGORITHMS.register_lazily(
    "phn-ls",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary="One hypernetwork from preference and block embedding to merging coefficients.",
    source=_NAVON_2021,
    bound={"solver": "linear"},
    output="map",
    data="labelled",
    access="gradients",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-epo",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary="The hypernetwork of phn-ls, trained by EPO search.",
    source=_NAVON_2021,
    bound={"solver": "epo"},
    output="map",
    data="labelled",
    access="gradients",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-tche",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary="The hypernetwork of phn-ls, trained on the weighted Tchebycheff distance.",
    source=_NAVON_2021,
    bound={"solver": "tchebycheff"},
    output="map",
    data="labelled",
    access="gradients",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-task",
    "algorithms.hypernetworks.phn:TaskPreferenceHypernetwork",
    summary="A hypernetwork from the preference to one merging coefficient per task.",
    source=_NAVON_2021,
    bound={"solver": "linear"},
    output="map",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-task-epo",
    "algorithms.hypernetworks.phn:TaskPreferenceHypernetwork",
    summary="The hypernetwork of phn-task, trained by EPO search.",
    source=_NAVON_2021,
    bound={"solver": "epo"},
    output="map",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-subspace",
    "algorithms.hypernetworks.subspace:SubspaceHypernetwork",
    summary="The hypernetwork of phn-ls over leading singular directions and remainders.",
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over parts of task vectors)"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-low-rank",
    "algorithms.hypernetworks.low_rank:LowRankPreferenceHypernetwork",
    summary="The hypernetwork of phn-ls with a low-rank term in every matrix.",
    source=_NAVON_2021_2,
    bound={"solver": "linear"},
    output="map",
    data="labelled",
    access="gradients",
    space="low-rank",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-low-rank-epo",
    "algorithms.hypernetworks.low_rank:LowRankPreferenceHypernetwork",
    summary="The hypernetwork of phn-low-rank, trained by EPO search.",
    source=_NAVON_2021_2,
    bound={"solver": "epo"},
    output="map",
    data="labelled",
    access="gradients",
    space="low-rank",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-lora",
    "algorithms.hypernetworks.lora:LoraPreferenceHypernetwork",
    summary="A chunked hypernetwork from the preference to LoRA factors on a merge.",
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here giving LoRA factors)"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="low-rank",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-weights",
    "algorithms.hypernetworks.weights:FullPreferenceHypernetwork",
    summary="A hypernetwork from the preference to all weights, for small models.",
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "phn-hvi",
    "algorithms.hypernetworks.hvi:HypervolumeHypernetwork",
    summary=(
        "The hypernetwork of phn-ls, trained to raise the hypervolume of several models per step."
    ),
    source=(
        "Hoang et al. 2023, Improving Pareto front learning via multi-sample "
        "hypernetworks, AAAI. https://arxiv.org/abs/2212.01130 (here over merging "
        "coefficients)"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "cosmos",
    "algorithms.hypernetworks.cosmos:Cosmos",
    summary="One network that receives the preference as additional channels of its input.",
    source=(
        "Ruchte and Grabocka 2021, Scalable Pareto front approximation for deep "
        "multi-objective learning, ICDM. https://arxiv.org/abs/2103.13392 (here from the "
        "average of the experts)"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
