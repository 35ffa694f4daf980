"""Scalarizations minimised ray by ray."""

from typing import Final

from ..registry import ALGORITHMS

_MIETTINEN_1999: Final = "Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4"
_LIN_2024: Final = (
    "Lin et al. 2024, Smooth Tchebycheff scalarization for multi-objective optimization, "
    "ICML. https://arxiv.org/abs/2402.19078"
)

ALGORITHMS.register_lazily(
    "ls-coefficients",
    "algorithms.scalarization.coefficients:LinearScalarizationCoefficients",
    summary="Merging coefficients by gradient descent on the weighted loss, one set a ray.",
    source=("Linear scalarization (Miettinen 1999, section 3.1) over task-arithmetic coefficients"),
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "ls-finetune",
    "algorithms.scalarization.finetune:LinearScalarizationFinetune",
    summary=("One model fine-tuned on the weighted loss a ray, all weights, from the base model."),
    source=("Linear scalarization baseline of Tang et al. 2024. https://arxiv.org/abs/2406.09770"),
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "tche-coefficients",
    "algorithms.scalarization.coefficients:TchebycheffCoefficients",
    summary=(
        "Merging coefficients by gradient descent on the weighted Tchebycheff distance, "
        "one set a ray."
    ),
    source=_MIETTINEN_1999,
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "stch-coefficients",
    "algorithms.scalarization.coefficients:SmoothTchebycheffCoefficients",
    summary=("Merging coefficients by gradient descent on the smooth Tchebycheff scalarization."),
    source=_LIN_2024,
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "atche-coefficients",
    "algorithms.scalarization.coefficients:AugmentedTchebycheffCoefficients",
    summary="Merging coefficients by gradient descent on the augmented Tchebycheff distance.",
    source="Wierzbicki 1980, The use of reference objectives in multiobjective optimization",
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "tche-finetune",
    "algorithms.scalarization.finetune:TchebycheffFinetune",
    summary="One model fine-tuned on the weighted Tchebycheff distance a ray, all weights.",
    source=_MIETTINEN_1999,
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "stch-finetune",
    "algorithms.scalarization.finetune:SmoothTchebycheffFinetune",
    summary="One model fine-tuned on the smooth Tchebycheff scalarization a ray, all weights.",
    source=_LIN_2024,
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "ls-finetune-average",
    "algorithms.scalarization.finetune:LinearScalarizationFromAverage",
    summary=("One model fine-tuned on the weighted loss a ray, from the average of the experts."),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the "
        "soup of Wortsman et al. 2022. https://arxiv.org/abs/2203.05482"
    ),
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "ls-finetune-arithmetic",
    "algorithms.scalarization.finetune:LinearScalarizationFromArithmetic",
    summary="One model fine-tuned on the weighted loss a ray, from the best task arithmetic.",
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the "
        "merge of Ilharco et al. 2023. https://arxiv.org/abs/2212.04089"
    ),
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "ls-lora",
    "algorithms.scalarization.lora:LinearScalarizationAdapters",
    summary="One low-rank adapter of the base model trained on the weighted loss a ray.",
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over the adapters of Hu et "
        "al. 2022, LoRA. https://arxiv.org/abs/2106.09685"
    ),
    output="finite",
    data="labelled",
    access="gradients",
    space="low-rank",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "ls-soup",
    "algorithms.scalarization.soup:LinearScalarizationSoup",
    summary=(
        "Models fine-tuned on the weighted loss, one a ray, with weights interpolated in between."
    ),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, averaged "
        "as by Wortsman et al. 2022. https://arxiv.org/abs/2203.05482"
    ),
    output="map",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
