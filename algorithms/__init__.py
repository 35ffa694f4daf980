"""The registry of algorithms; nothing heavy is imported before an entry is loaded."""

from typing import TYPE_CHECKING, Final

from ..benchmark.registry import Entry, Registry

if TYPE_CHECKING:
    from .base import Algorithm

ALGORITHMS: Final[Registry["type[Algorithm]"]] = Registry(
    "algorithm",
    {
        "output": frozenset({"constant", "finite", "map"}),
        "data": frozenset({"none", "unlabelled", "labelled"}),
        "access": frozenset({"weights", "evaluations", "gradients"}),
        "space": frozenset({"task", "block", "module", "tensor", "low-rank", "weights"}),
        "track": frozenset({"inductive", "transductive"}),
    },
)
"""Algorithms by name. `output`: what a fit returns. `data`: what it needs. `access`: how it looks
at the model. `space`: where it searches. `track`: transductive ones adapt to the test inputs."""


def _add(name: str, target: str, summary: str, source: str, labels: str) -> None:
    keys = ("output", "data", "access", "space", "track")
    values = dict(zip(keys, labels.split(), strict=True))
    ALGORITHMS.add(
        Entry(
            name=name,
            target=f"algorithms.{target}",
            summary=summary,
            source=source,
            labels=values,
        )
    )


_add(
    "pretrained",
    "merging.anchors:Pretrained",
    "The base model, unmerged.",
    "-",
    "constant none weights task inductive",
)
_add(
    "experts",
    "merging.anchors:SingleExperts",
    "The experts, unmerged; the common selector chooses one for a preference.",
    "-",
    "finite none weights task inductive",
)
_add(
    "simple-average",
    "merging.anchors:SimpleAverage",
    "The mean of the experts.",
    "Wortsman et al. 2022, Model soups, ICML. https://arxiv.org/abs/2203.05482",
    "constant none weights task inductive",
)
_add(
    "task-arithmetic",
    "merging.task_arithmetic:TaskArithmetic",
    "One coefficient for all task vectors, the best of a sweep on validation.",
    "Ilharco et al. 2023, Editing models with task arithmetic, ICLR. "
    "https://arxiv.org/abs/2212.04089",
    "constant labelled evaluations task inductive",
)
_add(
    "rewarded-soup",
    "merging.rewarded_soup:RewardedSoup",
    "Experts averaged with the preference as weights.",
    "Rame et al. 2023, Rewarded soups, NeurIPS. https://arxiv.org/abs/2306.04488",
    "map none weights task inductive",
)
_add(
    "sobol-pool",
    "search.sobol_pool:SobolPool",
    "Scrambled Sobol coefficients, measured on validation; the control for every search.",
    "Sobol 1967, USSR Comput. Math. Math. Phys. 7(4); Owen 1998, J. Complexity 14(4)",
    "finite labelled evaluations task inductive",
)
_add(
    "map",
    "map.map:MAP",
    "Quadratic surrogates of the accuracies in coefficient space, searched by NSGA-III.",
    "Li et al. 2025, MAP: Model merging with amortized Pareto fronts, ICLR. "
    "https://arxiv.org/abs/2406.07529",
    "finite labelled evaluations task inductive",
)
_add(
    "adamerging-task",
    "adamerging.adamerging:TaskWiseAdaMerging",
    "One coefficient a task by entropy minimisation on unlabelled inputs.",
    "Yang et al. 2024, AdaMerging, ICLR. https://arxiv.org/abs/2310.02575",
    "constant unlabelled gradients task inductive",
)
_add(
    "adamerging-tensor",
    "adamerging.adamerging:TensorWiseAdaMerging",
    "One coefficient a task and tensor (the paper's layer-wise) by entropy minimisation.",
    "Yang et al. 2024, AdaMerging, ICLR. https://arxiv.org/abs/2310.02575",
    "constant unlabelled gradients tensor inductive",
)
_add(
    "ls-coefficients",
    "scalarization.coefficients:LinearScalarizationCoefficients",
    "Merging coefficients by gradient descent on the weighted loss, one set a ray.",
    "Linear scalarization (Miettinen 1999, section 3.1) over task-arithmetic coefficients",
    "finite labelled gradients task inductive",
)
_add(
    "ls-finetune",
    "scalarization.finetune:LinearScalarizationFinetune",
    "One model fine-tuned on the weighted loss a ray, all weights, from the base model.",
    "Linear scalarization baseline of Tang et al. 2024. https://arxiv.org/abs/2406.09770",
    "finite labelled gradients weights inductive",
)
_add(
    "pwemoe-ls",
    "moe.pwemoe:PWEMoELinear",
    "Routers from the preference to each MLP's merging coefficients (MoE fusion).",
    "Tang et al. 2024, Towards efficient Pareto set approximation via mixture of experts based "
    "model fusion. https://arxiv.org/abs/2406.09770",
    "map labelled gradients module inductive",
)
_add(
    "phn-ls",
    "hypernetworks.phn:PreferenceHypernetwork",
    "One hypernetwork from preference and block embedding to merging coefficients.",
    "Navon et al. 2021, Learning the Pareto front with hypernetworks, ICLR. "
    "https://arxiv.org/abs/2010.04104 (here over merging coefficients)",
    "map labelled gradients block inductive",
)
