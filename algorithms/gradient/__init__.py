"""Gradient solvers, each over merging coefficients and over all weights."""

from typing import Final

from ...entry import UNSTATED, Origin, tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

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


def _register(
    solver: str,
    target: str,
    *,
    summary: str,
    source: str,
    output: str,
    finetune: Origin = UNSTATED,
) -> None:
    """Register a solver twice: over merging coefficients and over all weights.

    `finetune` is the origin of the defaults of the second.
    """
    for suffix, form, space_name, space, origin in (
        ("coefficients", "Coefficients", "merging coefficients", "task", UNSTATED),
        ("finetune", "Finetune", "all weights", "weights", finetune),
    ):
        ALGORITHMS.register_lazily(
            f"{solver}-{suffix}",
            f"algorithms.gradient.{target}{form}",
            summary=f"{summary}, applied to {space_name}.",
            source=source,
            origin=origin,
            bound={} if solver == "pmtl" else {"solver": solver},
            output=output,
            data="labelled",
            access="gradients",
            space=space,
            track="inductive",
            delivery="model",
        )


_register(
    "mgda",
    "descents:Balanced",
    summary="Steps along the least-norm combination of the gradients",
    source=_DESIDERI_2012,
    output="constant",
    finetune=tuned(*EARLY_PAIRS, trials=4),
)
_register(
    "pcgrad",
    "descents:Balanced",
    summary="Steps along gradients from which pairwise conflicts are removed",
    source=_YU_2020,
    output="constant",
    finetune=tuned(*EARLY_PAIRS, trials=4),
)
_register(
    "cagrad",
    "descents:Balanced",
    summary="Steps near the mean gradient that most help the least improved task",
    source=_LIU_2021,
    output="constant",
    finetune=tuned(*EARLY_PAIRS, trials=4),
)
_register(
    "nash-mtl",
    "descents:Balanced",
    summary="Steps that solve a Nash bargaining game between the tasks",
    source=_NAVON_2022,
    output="constant",
    finetune=tuned(*EARLY_PAIRS, trials=4),
)
_register(
    "imtl-g",
    "descents:Balanced",
    summary="Steps with equal projections onto all gradients",
    source=_LIU_2021_2,
    output="constant",
    finetune=tuned(*EARLY_PAIRS, trials=4),
)
_register(
    "epo",
    "descents:Preferential",
    summary="One model per ray, by steps that make p_i L_i equal and then lower all losses",
    source=_MAHAPATRA_2020,
    output="finite",
    finetune=tuned(*EARLY_PAIRS, trials=3),
)
_register(
    "pmtl",
    "pmtl:PMTL",
    summary="One model per ray, by least-norm steps into its sector and inside it",
    source=_LIN_2019,
    output="finite",
)
_register(
    "upgrad",
    "descents:Preferential",
    summary="One model per ray, by projecting every weighted gradient to remove conflicts",
    source=_QUINTON_2024,
    output="finite",
    finetune=tuned(*EARLY_PAIRS, trials=3),
)
_register(
    "dualproj",
    "descents:Preferential",
    summary=(
        "One model per ray, by projecting the preference-weighted sum of gradients to remove "
        "conflicts"
    ),
    source=_QUINTON_2024_2,
    output="finite",
    finetune=tuned(*EARLY_PAIRS, trials=3),
)
_register(
    "aligned-mtl",
    "descents:Preferential",
    summary="One model per ray, by preference-weighted gradients with aligned components",
    source=_SENUSHKIN_2023,
    output="finite",
    finetune=tuned(*EARLY_PAIRS, trials=3),
)

for _solver, _step in (
    ("mgda", "least-norm steps"),
    ("pcgrad", "steps without pairwise conflicts"),
    ("cagrad", "conflict-averse steps"),
):
    ALGORITHMS.register_lazily(
        f"{_solver}-flat-finetune",
        "algorithms.gradient.flat:FlatBalancedFinetune",
        summary=f"All weights, by {_step} towards a region that is flat for every task.",
        source=(
            "Phan et al. 2022, Improving multi-task learning via seeking task-based flat regions. "
            "https://arxiv.org/abs/2211.13723"
        ),
        bound={"solver": _solver},
        output="constant",
        data="labelled",
        access="gradients",
        space="weights",
        track="inductive",
        delivery="model",
    )
