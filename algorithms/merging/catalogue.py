"""Merges that fit little or nothing: name, class, summary, source, labels."""

from typing import Final

ENTRIES: Final = (
    (
        "pretrained",
        "merging.soups:Pretrained",
        "The base model, unmerged.",
        "-",
        "constant none weights task inductive",
    ),
    (
        "experts",
        "merging.soups:SingleExperts",
        "The experts, unmerged; the common selector chooses one for a preference.",
        "-",
        "finite none weights task inductive",
    ),
    (
        "simple-average",
        "merging.soups:SimpleAverage",
        "The mean of the experts.",
        "Wortsman et al. 2022, Model soups, ICML. https://arxiv.org/abs/2203.05482",
        "constant none weights task inductive",
    ),
    (
        "task-arithmetic",
        "merging.task_arithmetic:TaskArithmetic",
        "One coefficient for all task vectors, the best of a sweep on validation.",
        "Ilharco et al. 2023, Editing models with task arithmetic, ICLR. "
        "https://arxiv.org/abs/2212.04089",
        "constant labelled evaluations task inductive",
    ),
    (
        "rewarded-soup",
        "merging.soups:RewardedSoup",
        "Experts averaged with the preference as weights.",
        "Rame et al. 2023, Rewarded soups, NeurIPS. https://arxiv.org/abs/2306.04488",
        "map none weights task inductive",
    ),
    (
        "generalised-soup",
        "merging.soups:GeneralisedSoup",
        "Rewarded soup whose scale goes from 1 at the corners to task arithmetic at the centre.",
        "Rame et al. 2023, Rewarded soups, NeurIPS. https://arxiv.org/abs/2306.04488 (with the "
        "scale of task arithmetic)",
        "map labelled evaluations task inductive",
    ),
    (
        "ties",
        "merging.ties:Ties",
        "Mean of the trimmed task vectors that have the elected sign.",
        "Yadav et al. 2023, TIES-Merging, NeurIPS. https://arxiv.org/abs/2306.01708",
        "constant labelled evaluations weights inductive",
    ),
    (
        "ties-map",
        "merging.ties:TiesMap",
        "TIES of task vectors scaled with the preference before signs are elected.",
        "Yadav et al. 2023, TIES-Merging, NeurIPS. https://arxiv.org/abs/2306.01708 (here for "
        "every preference)",
        "map labelled evaluations weights inductive",
    ),
    (
        "dare",
        "merging.dare:Dare",
        "Sum of task vectors whose entries are dropped at random and rescaled.",
        "Yu et al. 2024, Language models are super Mario, ICML. https://arxiv.org/abs/2311.03099",
        "constant labelled evaluations weights inductive",
    ),
    (
        "dare-ties",
        "merging.dare:DareTies",
        "Sign election and mean of task vectors whose entries are dropped at random.",
        "Yu et al. 2024, Language models are super Mario, ICML. https://arxiv.org/abs/2311.03099",
        "constant labelled evaluations weights inductive",
    ),
    (
        "slerp",
        "merging.slerp:Slerp",
        "Spherical mean of the task vectors of each tensor, weighed with the preference.",
        "Shoemake 1985, Animating rotation with quaternion curves, SIGGRAPH. "
        "https://doi.org/10.1145/325334.325242",
        "map none weights tensor inductive",
    ),
    (
        "magmax",
        "merging.magmax:MagMax",
        "Entry by entry the task vector that is largest there.",
        "Marczak et al. 2024, MagMax, ECCV. https://arxiv.org/abs/2407.06322",
        "constant labelled evaluations weights inductive",
    ),
    (
        "magmax-map",
        "merging.magmax:MagMaxMap",
        "Entry by entry the task vector that is largest there after scaling with the preference.",
        "Marczak et al. 2024, MagMax, ECCV. https://arxiv.org/abs/2407.06322 (here for every "
        "preference)",
        "map labelled evaluations weights inductive",
    ),
    (
        "model-stock",
        "merging.model_stock:ModelStock",
        "Tensor by tensor the average of the experts, drawn to the base model by their angles.",
        "Jang et al. 2024, Model stock, ECCV. https://arxiv.org/abs/2403.19522",
        "constant none weights tensor inductive",
    ),
    (
        "fisher",
        "merging.fisher:Fisher",
        "Mean of the experts weighed with the preference and their Fisher information.",
        "Matena and Raffel 2022, Merging models with Fisher-weighted averaging, NeurIPS. "
        "https://arxiv.org/abs/2111.09832",
        "map unlabelled gradients weights inductive",
    ),
    (
        "regmean",
        "merging.regmean:RegMean",
        "Linear layers by regression on the experts' own inputs, weighed with the preference.",
        "Jin et al. 2023, Dataless knowledge fusion by merging weights of language models, ICLR. "
        "https://arxiv.org/abs/2212.09849",
        "map unlabelled evaluations weights inductive",
    ),
    (
        "regmean-plus-plus",
        "merging.regmean_plus_plus:RegMeanPlusPlus",
        "RegMean on inputs that come out of the blocks merged before.",
        "Nguyen et al. 2025, RegMean++. https://arxiv.org/abs/2508.03121",
        "map unlabelled evaluations weights inductive",
    ),
    (
        "tsvm",
        "merging.tsvm:Tsvm",
        "Largest singular vectors of every task, made orthogonal to each other.",
        "Gargiulo et al. 2025, Task singular vectors, CVPR. https://arxiv.org/abs/2412.00081",
        "constant labelled evaluations weights inductive",
    ),
    (
        "tsvm-map",
        "merging.tsvm:TsvmMap",
        "TSVM whose singular values are scaled with the preference.",
        "Gargiulo et al. 2025, Task singular vectors, CVPR. "
        "https://arxiv.org/abs/2412.00081 (here for every preference)",
        "map labelled evaluations weights inductive",
    ),
    (
        "iso-c",
        "merging.isotropic:IsotropicCommon",
        "Sum of the task vectors with all singular values of a matrix at their mean.",
        "Marczak et al. 2025, No task left behind, ICML. https://arxiv.org/abs/2502.04959",
        "constant labelled evaluations weights inductive",
    ),
    (
        "iso-c-map",
        "merging.isotropic:IsotropicCommonMap",
        "Iso-C of the task vectors scaled with the preference.",
        "Marczak et al. 2025, No task left behind, ICML. "
        "https://arxiv.org/abs/2502.04959 (here for every preference)",
        "map labelled evaluations weights inductive",
    ),
    (
        "iso-cts",
        "merging.isotropic:IsotropicCommonTaskSpecific",
        "Iso-C that gives up some common directions for those of single tasks.",
        "Marczak et al. 2025, No task left behind, ICML. https://arxiv.org/abs/2502.04959",
        "constant labelled evaluations weights inductive",
    ),
    (
        "wudi",
        "merging.wudi:Wudi",
        "Merged vector that descends on its interference with every task vector.",
        "Cheng et al. 2025, Whoever started the interference should end it, ICML. "
        "https://arxiv.org/abs/2503.08099",
        "constant labelled evaluations weights inductive",
    ),
    (
        "consensus",
        "merging.tall_masks:Consensus",
        "Sum of the task vectors without the entries that fewer than two tasks use.",
        "Wang et al. 2024, Localizing task information for improved model merging, ICML. "
        "https://arxiv.org/abs/2405.07813",
        "constant labelled evaluations weights inductive",
    ),
    (
        "breadcrumbs",
        "merging.breadcrumbs:Breadcrumbs",
        "Sum of the task vectors without their outliers and their smallest entries.",
        "Davari and Belilovsky 2024, Model breadcrumbs, ECCV. https://arxiv.org/abs/2312.06795",
        "constant labelled evaluations weights inductive",
    ),
    (
        "della",
        "merging.della:Della",
        "Sign election and mean of task vectors, small entries of which are dropped likelier.",
        "Deep et al. 2024, DELLA-Merging. https://arxiv.org/abs/2406.11617",
        "constant labelled evaluations weights inductive",
    ),
    (
        "tall-masks",
        "merging.tall_masks:TallMasks",
        "Each task answered with the entries of the summed task vectors that it uses.",
        "Wang et al. 2024, Localizing task information for improved model merging, ICML. "
        "https://arxiv.org/abs/2405.07813",
        "constant none weights weights inductive",
    ),
    (
        "emr",
        "merging.emr:Emr",
        "Each task answered with its mask and scale of one elected vector.",
        "Huang et al. 2024, EMR-Merging, NeurIPS. https://arxiv.org/abs/2405.17461",
        "constant none weights weights inductive",
    ),
    (
        "experts-router",
        "merging.per_task:ExpertsRouter",
        "Each task answered by its own expert: the ideal, at the storage of all experts.",
        "-",
        "constant none weights weights inductive",
    ),
)
