"""Hypernetworks: name, class, summary, source, labels."""

from typing import Final

ENTRIES: Final = (
    (
        "phn-ls",
        "hypernetworks.phn:PreferenceHypernetwork",
        "One hypernetwork from preference and block embedding to merging coefficients.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
        "map labelled gradients block inductive",
    ),
    (
        "phn-epo",
        "hypernetworks.phn:PreferenceHypernetworkEPO",
        "The hypernetwork of phn-ls, trained by EPO search.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
        "map labelled gradients block inductive",
    ),
    (
        "phn-tche",
        "hypernetworks.phn:PreferenceHypernetworkTchebycheff",
        "The hypernetwork of phn-ls, trained on the weighted Tchebycheff distance.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
        "map labelled gradients block inductive",
    ),
    (
        "phn-task",
        "hypernetworks.task:TaskPreferenceHypernetwork",
        "A hypernetwork from the preference to one merging coefficient a task.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
        "map labelled gradients task inductive",
    ),
    (
        "phn-task-epo",
        "hypernetworks.task:TaskPreferenceHypernetworkEPO",
        "The hypernetwork of phn-task, trained by EPO search.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
        "map labelled gradients task inductive",
    ),
    (
        "phn-subspace",
        "hypernetworks.subspace:SubspaceHypernetwork",
        "The hypernetwork of phn-ls over leading singular directions and remainders.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here over parts of task vectors)",
        "map labelled gradients block inductive",
    ),
    (
        "phn-low-rank",
        "hypernetworks.low_rank:LowRankPreferenceHypernetwork",
        "The hypernetwork of phn-ls with a low-rank term in every matrix.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (with the terms of Zhong et al. 2024, Panacea)",
        "map labelled gradients low-rank inductive",
    ),
    (
        "phn-low-rank-epo",
        "hypernetworks.low_rank:LowRankPreferenceHypernetworkEPO",
        "The hypernetwork of phn-low-rank, trained by EPO search.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (with the terms of Zhong et al. 2024, Panacea)",
        "map labelled gradients low-rank inductive",
    ),
    (
        "phn-lora",
        "hypernetworks.lora:LoraPreferenceHypernetwork",
        "A chunked hypernetwork from the preference to LoRA factors on a merge.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104 (here giving LoRA factors)",
        "map labelled gradients low-rank inductive",
    ),
    (
        "phn-weights",
        "hypernetworks.weights:FullPreferenceHypernetwork",
        "A hypernetwork from the preference to all weights, for small models.",
        "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
        "https://arxiv.org/abs/2010.04104",
        "map labelled gradients weights inductive",
    ),
    (
        "phn-hvi",
        "hypernetworks.hvi:HypervolumeHypernetwork",
        "The hypernetwork of phn-ls, trained to raise the hypervolume of several models a step.",
        "Hoang et al. 2023, Improving Pareto front learning via multi-sample hypernetworks, AAAI. "
        "https://arxiv.org/abs/2212.01130 (here over merging coefficients)",
        "map labelled gradients block inductive",
    ),
    (
        "cosmos",
        "hypernetworks.cosmos:Cosmos",
        "One network that is given the preference as channels of its input.",
        "Ruchte and Grabocka 2021, Scalable Pareto front approximation for deep multi-objective "
        "learning, ICDM. https://arxiv.org/abs/2103.13392 (here from the average of the experts)",
        "map labelled gradients weights inductive",
    ),
)
