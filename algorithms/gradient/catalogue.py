"""Gradient solvers, each in two spaces: name, class, summary, source, labels."""

from typing import Final

_SPACES: Final = (
    ("coefficients", "Coefficients", "over merging coefficients", "task"),
    ("finetune", "Finetune", "over all weights, from the mean of the experts", "weights"),
)
_SOLVERS: Final = (
    (
        "mgda",
        "MGDA",
        "Least-norm combination of the gradients",
        "Desideri 2012, MGDA; Sener and Koltun 2018, NeurIPS. https://arxiv.org/abs/1810.04650",
        "constant",
    ),
    (
        "pcgrad",
        "PCGrad",
        "Gradients with their conflicts projected off",
        "Yu et al. 2020, Gradient surgery, NeurIPS. https://arxiv.org/abs/2001.06782",
        "constant",
    ),
    (
        "cagrad",
        "CAGrad",
        "Steps near the mean gradient that help the least helped task most",
        "Liu et al. 2021, Conflict-averse gradient descent, NeurIPS. "
        "https://arxiv.org/abs/2110.14048",
        "constant",
    ),
    (
        "nash-mtl",
        "NashMTL",
        "Nash solution of bargaining for a step",
        "Navon et al. 2022, Multi-task learning as a bargaining game, ICML. "
        "https://arxiv.org/abs/2202.01017",
        "constant",
    ),
    (
        "imtl-g",
        "IMTLG",
        "Steps of equal projections on all gradients",
        "Liu et al. 2021, Towards impartial multi-task learning, ICLR. "
        "https://openreview.net/forum?id=IMPnRXEWpvr",
        "constant",
    ),
    (
        "epo",
        "EPO",
        "Steps that make p_i L_i equal, then lower all losses, one model a ray",
        "Mahapatra and Rajan 2020, Multi-task learning with user preferences, ICML. "
        "https://proceedings.mlr.press/v119/mahapatra20a.html",
        "finite",
    ),
    (
        "pmtl",
        "PMTL",
        "Least-norm steps into and within the sector of each of several preferences",
        "Lin et al. 2019, Pareto multi-task learning, NeurIPS. https://arxiv.org/abs/1912.12854",
        "finite",
    ),
    (
        "upgrad",
        "UPGrad",
        "Gradients weighed by the preference, each projected free of conflict, one model a ray",
        "Quinton and Rey 2024, Jacobian descent. https://arxiv.org/abs/2406.16232",
        "finite",
    ),
    (
        "dualproj",
        "DualProj",
        "Sum of gradients weighed by the preference, projected free of conflict, one model a ray",
        "Quinton and Rey 2024, Jacobian descent. https://arxiv.org/abs/2406.16232; Lopez-Paz and "
        "Ranzato 2017, NeurIPS. https://arxiv.org/abs/1706.08840",
        "finite",
    ),
    (
        "aligned-mtl",
        "AlignedMTL",
        "Gradients with aligned components, weighed by the preference, one model a ray",
        "Senushkin et al. 2023, Independent component alignment, CVPR. "
        "https://arxiv.org/abs/2305.19000",
        "finite",
    ),
)

ENTRIES: Final = tuple(
    (
        f"{solver}-{space}",
        f"gradient.{space}:{stem}{suffix}",
        f"{summary}, {over}.",
        source,
        f"{output} labelled gradients {label} inductive",
    )
    for solver, stem, summary, source, output in _SOLVERS
    for space, suffix, over, label in _SPACES
)
