"""Mixture-of-experts fusion: name, class, summary, source, labels."""

from typing import Final

ENTRIES: Final = (
    (
        "pwemoe-ls",
        "moe.pwemoe:PWEMoELinear",
        "Routers from the preference to each MLP's merging coefficients (MoE fusion).",
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770",
        "map labelled gradients module inductive",
    ),
    (
        "pwemoe-epo",
        "moe.pwemoe:PWEMoEEPO",
        "MoE fusion whose routers are trained by EPO search.",
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770",
        "map labelled gradients module inductive",
    ),
    (
        "pwemoe-stch",
        "moe.pwemoe:PWEMoESmoothTchebycheff",
        "MoE fusion whose routers are trained on the smooth Tchebycheff scalarization.",
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770",
        "map labelled gradients module inductive",
    ),
    (
        "pwemoe-entropy",
        "moe.pwemoe:PWEMoEEntropy",
        "MoE fusion whose routers are trained without labels, on prediction entropy.",
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770",
        "map unlabelled gradients module inductive",
    ),
    (
        "pwemoe-corner-exact",
        "moe.pwemoe:PWEMoECornerExact",
        "MoE fusion of every tensor whose corners are the experts themselves.",
        "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of "
        "experts based model fusion. https://arxiv.org/abs/2406.09770 (here without "
        "its fixed coefficient)",
        "map labelled gradients tensor inductive",
    ),
    (
        "wemoe",
        "moe.wemoe:WEMoE",
        "Routers from an MLP's input to its merging coefficients; no plain model.",
        "Tang et al. 2024, Merging multi-task models via weight-ensembling mixture of experts. "
        "https://arxiv.org/abs/2402.00433",
        "constant unlabelled gradients weights inductive",
    ),
)
