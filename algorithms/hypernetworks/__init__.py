"""Hypernetworks: from a preference to a model."""

from functools import partial
from typing import Final

from ...entry import tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_NAVON_2021: Final = (
    "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
    "https://arxiv.org/abs/2010.04104 (here over merging coefficients)"
)
_NAVON_2021_2: Final = (
    "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
    "https://arxiv.org/abs/2010.04104 (with the terms of Zhong et al. 2024, Panacea)"
)

# Labels that several entries share.
_hypernetwork = partial(
    ALGORITHMS.register_lazily,
    output="map",
    data="labelled",
    access="gradients",
    track="inductive",
    delivery="model",
)

_hypernetwork(
    "phn-ls",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary=(
        "A hypernetwork from the preference and a block embedding to the block's merging "
        "coefficients."
    ),
    source=_NAVON_2021,
    origin=tuned(*EARLY_PAIRS, trials=2),
    bound={"solver": "linear"},
    space="block",
)
_hypernetwork(
    "phn-epo",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary="The hypernetwork of phn-ls, trained by EPO search.",
    source=_NAVON_2021,
    origin=tuned(*EARLY_PAIRS, trials=2),
    bound={"solver": "epo"},
    space="block",
)
_hypernetwork(
    "phn-tche",
    "algorithms.hypernetworks.phn:PreferenceHypernetwork",
    summary="The hypernetwork of phn-ls, trained on the weighted Tchebycheff distance.",
    source=_NAVON_2021,
    origin=tuned(*EARLY_PAIRS, trials=2),
    bound={"solver": "tchebycheff"},
    space="block",
)
_hypernetwork(
    "phn-task",
    "algorithms.hypernetworks.phn:TaskPreferenceHypernetwork",
    summary="A hypernetwork from the preference to one merging coefficient per task.",
    source=_NAVON_2021,
    origin=tuned(*EARLY_PAIRS, trials=2),
    bound={"solver": "linear"},
    space="task",
)
_hypernetwork(
    "phn-task-epo",
    "algorithms.hypernetworks.phn:TaskPreferenceHypernetwork",
    summary="The hypernetwork of phn-task, trained by EPO search.",
    source=_NAVON_2021,
    origin=tuned(*EARLY_PAIRS, trials=2),
    bound={"solver": "epo"},
    space="task",
)
_hypernetwork(
    "phn-subspace",
    "algorithms.hypernetworks.subspace:SubspaceHypernetwork",
    summary=(
        "The hypernetwork of phn-ls over the leading singular directions and remainders of "
        "task vectors."
    ),
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over parts of task vectors)"
    ),
    origin=tuned(*EARLY_PAIRS, trials=2),
    space="block",
)
_hypernetwork(
    "phn-low-rank",
    "algorithms.hypernetworks.low_rank:LowRankPreferenceHypernetwork",
    summary="The hypernetwork of phn-ls with a low-rank term added to every matrix.",
    source=_NAVON_2021_2,
    origin=tuned(*EARLY_PAIRS, trials=3),
    bound={"solver": "linear"},
    space="low-rank",
)
_hypernetwork(
    "phn-low-rank-epo",
    "algorithms.hypernetworks.low_rank:LowRankPreferenceHypernetwork",
    summary="The hypernetwork of phn-low-rank, trained by EPO search.",
    source=_NAVON_2021_2,
    origin=tuned(*EARLY_PAIRS, trials=3),
    bound={"solver": "epo"},
    space="low-rank",
)
_hypernetwork(
    "phn-lora",
    "algorithms.hypernetworks.lora:LoraPreferenceHypernetwork",
    summary=(
        "A hypernetwork from the preference to LoRA factors that are added to a merge, chunk "
        "by chunk."
    ),
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here giving LoRA factors)"
    ),
    origin=tuned(*EARLY_PAIRS, trials=4),
    space="low-rank",
)
_hypernetwork(
    "phn-weights",
    "algorithms.hypernetworks.weights:FullPreferenceHypernetwork",
    summary="A hypernetwork from the preference to all weights, for small models.",
    source=(
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104"
    ),
    origin=tuned(*EARLY_PAIRS, trials=2),
    space="weights",
)
_hypernetwork(
    "phn-hvi",
    "algorithms.hypernetworks.hvi:HypervolumeHypernetwork",
    summary=(
        "The hypernetwork of phn-ls, trained to increase the hypervolume of several models per "
        "step."
    ),
    source=(
        "Hoang et al. 2023, Improving Pareto front learning via multi-sample "
        "hypernetworks, AAAI. https://arxiv.org/abs/2212.01130 (here over merging "
        "coefficients)"
    ),
    origin=tuned(*EARLY_PAIRS, trials=2),
    space="block",
)
_hypernetwork(
    "cosmos",
    "algorithms.hypernetworks.cosmos:Cosmos",
    summary="One network that receives the preference as additional channels of its input.",
    source=(
        "Ruchte and Grabocka 2021, Scalable Pareto front approximation for deep "
        "multi-objective learning, ICDM. https://arxiv.org/abs/2103.13392 (here from the "
        "average of the experts)"
    ),
    origin=tuned(*EARLY_PAIRS, trials=6),
    space="weights",
)
