"""Merges that fit little or nothing."""

from functools import partial
from typing import Final

from ...entry import FIXED, PAPER, tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_YU_2024: Final = (
    "Yu et al. 2024, Language models are super Mario, ICML. https://arxiv.org/abs/2311.03099"
)
_MARCZAK_2025: Final = (
    "Marczak et al. 2025, No task left behind, ICML. https://arxiv.org/abs/2502.04959"
)
_WANG_2024: Final = (
    "Wang et al. 2024, Localizing task information for improved model merging, ICML. "
    "https://arxiv.org/abs/2405.07813"
)

# Labels that several entries share.
_swept = partial(
    ALGORITHMS.register_lazily,
    output="constant",
    data="labelled",
    access="evaluations",
    space="weights",
    track="inductive",
    delivery="model",
)
_swept_map = partial(
    ALGORITHMS.register_lazily,
    output="map",
    data="labelled",
    access="evaluations",
    space="weights",
    track="inductive",
    delivery="model",
)
_untrained = partial(
    ALGORITHMS.register_lazily,
    data="none",
    access="weights",
    space="task",
    track="inductive",
    delivery="model",
)

_untrained(
    "pretrained",
    "algorithms.merging.soups:Pretrained",
    summary="The pretrained model, unmerged.",
    source="-",
    origin=FIXED,
    output="constant",
)
_untrained(
    "experts",
    "algorithms.merging.soups:SingleExperts",
    summary="The experts, unmerged; the common selector chooses one for each preference.",
    source="-",
    origin=FIXED,
    output="finite",
)
_untrained(
    "simple-average",
    "algorithms.merging.soups:SimpleAverage",
    summary="The mean of the experts.",
    source="Wortsman et al. 2022, Model soups, ICML. https://arxiv.org/abs/2203.05482",
    origin=FIXED,
    output="constant",
)
ALGORITHMS.register_lazily(
    "task-arithmetic",
    "algorithms.merging.task_arithmetic:TaskArithmetic",
    summary=(
        "The sum of the task vectors, scaled by the best coefficient of a sweep on validation data."
    ),
    source=(
        "Ilharco et al. 2023, Editing models with task arithmetic, ICLR. "
        "https://arxiv.org/abs/2212.04089"
    ),
    origin=PAPER,
    output="constant",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
    delivery="model",
)
_untrained(
    "rewarded-soup",
    "algorithms.merging.soups:RewardedSoup",
    summary="The mean of the experts, weighted by the preference.",
    source="Rame et al. 2023, Rewarded soups, NeurIPS. https://arxiv.org/abs/2306.04488",
    origin=FIXED,
    output="map",
)
ALGORITHMS.register_lazily(
    "generalised-soup",
    "algorithms.merging.soups:GeneralisedSoup",
    summary=(
        "A rewarded soup whose scale changes from 1 at the corners to that of task arithmetic "
        "at the centre."
    ),
    source=(
        "Rame et al. 2023, Rewarded soups, NeurIPS. https://arxiv.org/abs/2306.04488 "
        "(with the scale of task arithmetic)"
    ),
    origin=tuned(*EARLY_PAIRS, trials=3),
    output="map",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
    delivery="model",
)
_swept(
    "ties",
    "algorithms.merging.ties:Ties",
    summary="The mean of those entries of the trimmed task vectors that have the elected sign.",
    source="Yadav et al. 2023, TIES-Merging, NeurIPS. https://arxiv.org/abs/2306.01708",
    bound={"lifted": False},
)
_swept_map(
    "ties-map",
    "algorithms.merging.ties:Ties",
    summary=(
        "TIES applied to task vectors that are scaled by the preference before signs are elected."
    ),
    source=(
        "Yadav et al. 2023, TIES-Merging, NeurIPS. https://arxiv.org/abs/2306.01708 "
        "(here for every preference)"
    ),
    bound={"lifted": True},
)
_swept(
    "dare",
    "algorithms.merging.dropping:Dare",
    summary="The sum of the task vectors after random entries are dropped and the others rescaled.",
    source=_YU_2024,
    origin=tuned(*EARLY_PAIRS, trials=3),
)
_swept(
    "dare-ties",
    "algorithms.merging.dropping:DareTies",
    summary="TIES applied to task vectors whose entries are dropped at random instead of trimmed.",
    source=_YU_2024,
    origin=tuned(*EARLY_PAIRS, trials=3),
)
ALGORITHMS.register_lazily(
    "slerp",
    "algorithms.merging.slerp:Slerp",
    summary="The spherical mean of the task vectors of each tensor, weighted by the preference.",
    source=(
        "Shoemake 1985, Animating rotation with quaternion curves, SIGGRAPH. "
        "https://doi.org/10.1145/325334.325242"
    ),
    origin=FIXED,
    output="map",
    data="none",
    access="weights",
    space="tensor",
    track="inductive",
    delivery="model",
)
_swept(
    "magmax",
    "algorithms.merging.magmax:MagMax",
    summary="The value of largest magnitude among the task vectors, entry by entry.",
    source="Marczak et al. 2024, MagMax, ECCV. https://arxiv.org/abs/2407.06322",
    origin=FIXED,
    bound={"lifted": False},
)
_swept_map(
    "magmax-map",
    "algorithms.merging.magmax:MagMax",
    summary="MagMax applied to task vectors that are scaled by the preference.",
    source=(
        "Marczak et al. 2024, MagMax, ECCV. https://arxiv.org/abs/2407.06322 (here for "
        "every preference)"
    ),
    origin=FIXED,
    bound={"lifted": True},
)
ALGORITHMS.register_lazily(
    "model-stock",
    "algorithms.merging.model_stock:ModelStock",
    summary=(
        "The average of the experts, moved towards the pretrained model as far as their angles "
        "suggest."
    ),
    source="Jang et al. 2024, Model stock, ECCV. https://arxiv.org/abs/2403.19522",
    origin=FIXED,
    output="constant",
    data="none",
    access="weights",
    space="tensor",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "fisher",
    "algorithms.merging.fisher:Fisher",
    summary="The mean of the experts, weighted by the preference and their Fisher information.",
    source=(
        "Matena and Raffel 2022, Merging models with Fisher-weighted averaging, NeurIPS. "
        "https://arxiv.org/abs/2111.09832"
    ),
    output="map",
    data="unlabelled",
    access="gradients",
    space="weights",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "ibcl",
    "algorithms.merging.ibcl:IBCL",
    origin=PAPER,
    summary="The mode of Gaussian posteriors around the experts, pooled by the preference.",
    source=(
        "Lu et al. 2023, IBCL: Zero-shot model generation for task trade-offs in continual "
        "learning. https://arxiv.org/abs/2305.14782"
    ),
    output="map",
    data="unlabelled",
    access="gradients",
    space="weights",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "regmean",
    "algorithms.merging.regmean:RegMean",
    summary=(
        "Linear layers merged by regression on the experts' own inputs, weighted by the preference."
    ),
    source=(
        "Jin et al. 2023, Dataless knowledge fusion by merging weights of language "
        "models, ICLR. https://arxiv.org/abs/2212.09849"
    ),
    origin=tuned(*EARLY_PAIRS, trials=4),
    output="map",
    data="unlabelled",
    access="evaluations",
    space="weights",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "regmean-plus-plus",
    "algorithms.merging.regmean_plus_plus:RegMeanPlusPlus",
    summary="RegMean on the inputs that each block receives from the merged blocks before it.",
    source="Nguyen et al. 2025, RegMean++. https://arxiv.org/abs/2508.03121",
    origin=tuned(*EARLY_PAIRS, trials=4),
    output="map",
    data="unlabelled",
    access="evaluations",
    space="weights",
    track="inductive",
    delivery="model",
)
_swept(
    "tsvm",
    "algorithms.merging.tsvm:Tsvm",
    summary=(
        "The sum of each task's largest singular components, with all singular vectors "
        "orthogonalised."
    ),
    source=("Gargiulo et al. 2025, Task singular vectors, CVPR. https://arxiv.org/abs/2412.00081"),
    origin=FIXED,
    bound={"lifted": False},
)
_swept_map(
    "tsvm-map",
    "algorithms.merging.tsvm:Tsvm",
    summary="TSVM with singular values scaled by the preference.",
    source=(
        "Gargiulo et al. 2025, Task singular vectors, CVPR. "
        "https://arxiv.org/abs/2412.00081 (here for every preference)"
    ),
    origin=FIXED,
    bound={"lifted": True},
)
_swept(
    "iso-c",
    "algorithms.merging.isotropic:IsotropicCommon",
    summary=(
        "The sum of the task vectors, with the singular values of each matrix replaced by "
        "their mean."
    ),
    source=_MARCZAK_2025,
    origin=FIXED,
    bound={"lifted": False},
)
_swept_map(
    "iso-c-map",
    "algorithms.merging.isotropic:IsotropicCommon",
    summary="Iso-C applied to task vectors that are scaled by the preference.",
    source=(
        "Marczak et al. 2025, No task left behind, ICML. "
        "https://arxiv.org/abs/2502.04959 (here for every preference)"
    ),
    origin=FIXED,
    bound={"lifted": True},
)
_swept(
    "iso-cts",
    "algorithms.merging.isotropic:IsotropicCommonTaskSpecific",
    summary="Iso-C with some of the common directions replaced by task-specific ones.",
    source=_MARCZAK_2025,
)
_swept(
    "wudi",
    "algorithms.merging.wudi:Wudi",
    summary=(
        "A merged vector that is optimised to interfere as little as possible with each task "
        "vector."
    ),
    source=(
        "Cheng et al. 2025, Whoever started the interference should end it, ICML. "
        "https://arxiv.org/abs/2503.08099"
    ),
    origin=tuned(*EARLY_PAIRS),
)
_swept(
    "consensus",
    "algorithms.merging.tall_masks:Consensus",
    summary="The sum of the task vectors without the entries that fewer than two tasks use.",
    source=_WANG_2024,
)
_swept(
    "breadcrumbs",
    "algorithms.merging.breadcrumbs:Breadcrumbs",
    summary="The sum of the task vectors without their outliers and their smallest entries.",
    source=(
        "Davari and Belilovsky 2024, Model breadcrumbs, ECCV. https://arxiv.org/abs/2312.06795"
    ),
)
_swept(
    "della",
    "algorithms.merging.dropping:Della",
    summary=(
        "TIES applied to task vectors whose entries are dropped at random, small ones more often."
    ),
    source="Deep et al. 2024, DELLA-Merging. https://arxiv.org/abs/2406.11617",
    origin=tuned(*EARLY_PAIRS, trials=3),
)
ALGORITHMS.register_lazily(
    "tall-masks",
    "algorithms.merging.tall_masks:TallMasks",
    summary=(
        "One model per task, made of the entries of the summed task vectors that the task uses."
    ),
    source=_WANG_2024,
    origin=tuned(*EARLY_PAIRS, trials=4),
    output="constant",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
    delivery="system",
)
ALGORITHMS.register_lazily(
    "emr",
    "algorithms.merging.emr:Emr",
    summary="One model per task, made by masking and scaling one vector that all tasks share.",
    source="Huang et al. 2024, EMR-Merging, NeurIPS. https://arxiv.org/abs/2405.17461",
    origin=FIXED,
    output="constant",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
    delivery="system",
)
ALGORITHMS.register_lazily(
    "experts-router",
    "algorithms.merging.soups:ExpertsRouter",
    summary=(
        "One model per task, its own expert: the ideal point, at the cost of storing all experts."
    ),
    source="-",
    origin=FIXED,
    output="constant",
    data="none",
    access="weights",
    space="weights",
    track="inductive",
    delivery="system",
)
