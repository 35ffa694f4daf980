"""Gradient solvers, each over merging coefficients and over all weights."""

from typing import Final

from ..registry import ALGORITHMS

_DESIDERI_2012: Final = (
    "Desideri 2012, MGDA; Sener and Koltun 2018, NeurIPS. https://arxiv.org/abs/1810.04650"
)
_YU_2020: Final = "Yu et al. 2020, Gradient surgery, NeurIPS. https://arxiv.org/abs/2001.06782"
_LIU_2021: Final = (
    "Liu et al. 2021, Conflict-averse gradient descent, NeurIPS. https://arxiv.org/abs/2110.14048"
)
_NAVON_2022: Final = (
    "Navon et al. 2022, Multi-task learning as a bargaining game, ICML. "
    "https://arxiv.org/abs/2202.01017"
)
_LIU_2021_2: Final = (
    "Liu et al. 2021, Towards impartial multi-task learning, ICLR. "
    "https://openreview.net/forum?id=IMPnRXEWpvr"
)
_MAHAPATRA_2020: Final = (
    "Mahapatra and Rajan 2020, Multi-task learning with user preferences, ICML. "
    "https://proceedings.mlr.press/v119/mahapatra20a.html"
)
_LIN_2019: Final = (
    "Lin et al. 2019, Pareto multi-task learning, NeurIPS. https://arxiv.org/abs/1912.12854"
)
_QUINTON_2024: Final = "Quinton and Rey 2024, Jacobian descent. https://arxiv.org/abs/2406.16232"
_QUINTON_2024_2: Final = (
    "Quinton and Rey 2024, Jacobian descent. https://arxiv.org/abs/2406.16232; Lopez-Paz "
    "and Ranzato 2017, NeurIPS. https://arxiv.org/abs/1706.08840"
)
_SENUSHKIN_2023: Final = (
    "Senushkin et al. 2023, Independent component alignment, CVPR. https://arxiv.org/abs/2305.19000"
)

ALGORITHMS.register_lazily(
    "mgda-coefficients",
    "algorithms.gradient.descents:BalancedCoefficients",
    summary="Least-norm combination of the gradients, over merging coefficients.",
    source=_DESIDERI_2012,
    bound={"solver": "mgda"},
    output="constant",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "mgda-finetune",
    "algorithms.gradient.descents:BalancedFinetune",
    summary="Least-norm combination of the gradients, over all weights.",
    source=_DESIDERI_2012,
    bound={"solver": "mgda"},
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pcgrad-coefficients",
    "algorithms.gradient.descents:BalancedCoefficients",
    summary="Gradients without their pairwise conflicts, over merging coefficients.",
    source=_YU_2020,
    bound={"solver": "pcgrad"},
    output="constant",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pcgrad-finetune",
    "algorithms.gradient.descents:BalancedFinetune",
    summary="Gradients without their pairwise conflicts, over all weights.",
    source=_YU_2020,
    bound={"solver": "pcgrad"},
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "cagrad-coefficients",
    "algorithms.gradient.descents:BalancedCoefficients",
    summary=(
        "Steps near the mean gradient that help the least improved task most, over "
        "merging coefficients."
    ),
    source=_LIU_2021,
    bound={"solver": "cagrad"},
    output="constant",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "cagrad-finetune",
    "algorithms.gradient.descents:BalancedFinetune",
    summary=(
        "Steps near the mean gradient that help the least improved task most, over all weights."
    ),
    source=_LIU_2021,
    bound={"solver": "cagrad"},
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "nash-mtl-coefficients",
    "algorithms.gradient.descents:BalancedCoefficients",
    summary=(
        "Steps that are the Nash solution of bargaining between the tasks, over merging "
        "coefficients."
    ),
    source=_NAVON_2022,
    bound={"solver": "nash-mtl"},
    output="constant",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "nash-mtl-finetune",
    "algorithms.gradient.descents:BalancedFinetune",
    summary=("Steps that are the Nash solution of bargaining between the tasks, over all weights."),
    source=_NAVON_2022,
    bound={"solver": "nash-mtl"},
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "imtl-g-coefficients",
    "algorithms.gradient.descents:BalancedCoefficients",
    summary="Steps with equal projections onto all gradients, over merging coefficients.",
    source=_LIU_2021_2,
    bound={"solver": "imtl-g"},
    output="constant",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "imtl-g-finetune",
    "algorithms.gradient.descents:BalancedFinetune",
    summary="Steps with equal projections onto all gradients, over all weights.",
    source=_LIU_2021_2,
    bound={"solver": "imtl-g"},
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "epo-coefficients",
    "algorithms.gradient.descents:PreferentialCoefficients",
    summary=(
        "Steps that make p_i L_i equal, then lower all losses, one model per ray, over "
        "merging coefficients."
    ),
    source=_MAHAPATRA_2020,
    bound={"solver": "epo"},
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "epo-finetune",
    "algorithms.gradient.descents:PreferentialFinetune",
    summary=(
        "Steps that make p_i L_i equal, then lower all losses, one model per ray, over all weights."
    ),
    source=_MAHAPATRA_2020,
    bound={"solver": "epo"},
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pmtl-coefficients",
    "algorithms.gradient.pmtl:PMTLCoefficients",
    summary=(
        "Least-norm steps into and within the sector of each of several preferences, "
        "over merging coefficients."
    ),
    source=_LIN_2019,
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "pmtl-finetune",
    "algorithms.gradient.pmtl:PMTLFinetune",
    summary=(
        "Least-norm steps into and within the sector of each of several preferences, "
        "over all weights."
    ),
    source=_LIN_2019,
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "upgrad-coefficients",
    "algorithms.gradient.descents:PreferentialCoefficients",
    summary=(
        "Gradients weighted by the preference, each projected free of conflict, one "
        "model per ray, over merging coefficients."
    ),
    source=_QUINTON_2024,
    bound={"solver": "upgrad"},
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "upgrad-finetune",
    "algorithms.gradient.descents:PreferentialFinetune",
    summary=(
        "Gradients weighted by the preference, each projected free of conflict, one "
        "model per ray, over all weights."
    ),
    source=_QUINTON_2024,
    bound={"solver": "upgrad"},
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "dualproj-coefficients",
    "algorithms.gradient.descents:PreferentialCoefficients",
    summary=(
        "Sum of gradients weighted by the preference, projected free of conflict, one "
        "model per ray, over merging coefficients."
    ),
    source=_QUINTON_2024_2,
    bound={"solver": "dualproj"},
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "dualproj-finetune",
    "algorithms.gradient.descents:PreferentialFinetune",
    summary=(
        "Sum of gradients weighted by the preference, projected free of conflict, one "
        "model per ray, over all weights."
    ),
    source=_QUINTON_2024_2,
    bound={"solver": "dualproj"},
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "aligned-mtl-coefficients",
    "algorithms.gradient.descents:PreferentialCoefficients",
    summary=(
        "Gradients with aligned components, weighted by the preference, one model per "
        "ray, over merging coefficients."
    ),
    source=_SENUSHKIN_2023,
    bound={"solver": "aligned-mtl"},
    output="finite",
    data="labelled",
    access="gradients",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "aligned-mtl-finetune",
    "algorithms.gradient.descents:PreferentialFinetune",
    summary=(
        "Gradients with aligned components, weighted by the preference, one model per "
        "ray, over all weights."
    ),
    source=_SENUSHKIN_2023,
    bound={"solver": "aligned-mtl"},
    output="finite",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
)
