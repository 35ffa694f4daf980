"""Scalarizations minimised ray by ray."""

from functools import partial
from typing import Final

from ...entry import tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_MIETTINEN_1999: Final = "Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4"
_LIN_2024: Final = (
    "Lin et al. 2024, Smooth Tchebycheff scalarization for multi-objective optimization, "
    "ICML. https://arxiv.org/abs/2402.19078"
)

# Labels that several entries share.
_ray_by_ray = partial(
    ALGORITHMS.register_lazily,
    output="finite",
    data="labelled",
    access="gradients",
    track="inductive",
    delivery="model",
)

_ray_by_ray(
    "ls-coefficients",
    "algorithms.scalarization.scalarized:ScalarizedCoefficients",
    summary="One set of merging coefficients per ray, trained on the weighted loss.",
    source=("Linear scalarization (Miettinen 1999, section 3.1) over task-arithmetic coefficients"),
    bound={"solver": "linear"},
    added=("chained",),
    space="task",
)
_ray_by_ray(
    "ls-finetune",
    "algorithms.scalarization.scalarized:ScalarizedFinetune",
    summary="One model per ray, fine-tuned from the pretrained model on the weighted loss.",
    source=("Linear scalarization baseline of Tang et al. 2024. https://arxiv.org/abs/2406.09770"),
    origin=tuned(*EARLY_PAIRS, trials=3),
    bound={"solver": "linear"},
    added=("chained",),
    space="weights",
)
_ray_by_ray(
    "tche-coefficients",
    "algorithms.scalarization.scalarized:ScalarizedCoefficients",
    summary=(
        "One set of merging coefficients per ray, trained on the weighted Tchebycheff distance."
    ),
    source=_MIETTINEN_1999,
    bound={"solver": "tchebycheff"},
    space="task",
)
_ray_by_ray(
    "stch-coefficients",
    "algorithms.scalarization.scalarized:ScalarizedCoefficients",
    summary=(
        "One set of merging coefficients per ray, trained on the smooth Tchebycheff scalarization."
    ),
    source=_LIN_2024,
    bound={"solver": "smooth-tchebycheff"},
    space="task",
)
_ray_by_ray(
    "atche-coefficients",
    "algorithms.scalarization.scalarized:ScalarizedCoefficients",
    summary=(
        "One set of merging coefficients per ray, trained on the augmented Tchebycheff distance."
    ),
    source="Wierzbicki 1980, The use of reference objectives in multiobjective optimization",
    bound={"solver": "augmented-tchebycheff"},
    space="task",
)
_ray_by_ray(
    "tche-finetune",
    "algorithms.scalarization.scalarized:ScalarizedFinetune",
    summary=(
        "One model per ray, fine-tuned from the pretrained model on the weighted "
        "Tchebycheff distance."
    ),
    source=_MIETTINEN_1999,
    origin=tuned(*EARLY_PAIRS, trials=3),
    bound={"solver": "tchebycheff"},
    space="weights",
)
_ray_by_ray(
    "stch-finetune",
    "algorithms.scalarization.scalarized:ScalarizedFinetune",
    summary=(
        "One model per ray, fine-tuned from the pretrained model on the smooth "
        "Tchebycheff scalarization."
    ),
    source=_LIN_2024,
    origin=tuned(*EARLY_PAIRS, trials=3),
    bound={"solver": "smooth-tchebycheff"},
    space="weights",
)
_ray_by_ray(
    "ls-finetune-average",
    "algorithms.scalarization.scalarized:FinetuneFromAverage",
    summary=("One model per ray, fine-tuned from the average of the experts on the weighted loss."),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the "
        "soup of Wortsman et al. 2022. https://arxiv.org/abs/2203.05482"
    ),
    origin=tuned(*EARLY_PAIRS, trials=3),
    space="weights",
)
_ray_by_ray(
    "ls-finetune-arithmetic",
    "algorithms.scalarization.scalarized:FinetuneFromArithmetic",
    summary=("One model per ray, fine-tuned from the best task arithmetic on the weighted loss."),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the "
        "merge of Ilharco et al. 2023. https://arxiv.org/abs/2212.04089"
    ),
    origin=tuned(*EARLY_PAIRS, trials=3),
    space="weights",
)
_ray_by_ray(
    "ls-lora",
    "algorithms.scalarization.lora:LinearScalarizationAdapters",
    summary=("One low-rank adapter of the pretrained model per ray, trained on the weighted loss."),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over the adapters of Hu et "
        "al. 2022, LoRA. https://arxiv.org/abs/2106.09685"
    ),
    origin=tuned(*EARLY_PAIRS, trials=3),
    space="low-rank",
)
ALGORITHMS.register_lazily(
    "ls-soup",
    "algorithms.scalarization.soup:LinearScalarizationSoup",
    summary=(
        "One model per ray, fine-tuned on the weighted loss; weights are interpolated between rays."
    ),
    source=(
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, averaged "
        "as by Wortsman et al. 2022. https://arxiv.org/abs/2203.05482"
    ),
    origin=tuned(*EARLY_PAIRS, trials=6),
    output="map",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
    delivery="model",
)
