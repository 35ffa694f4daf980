"""Searches that measure coefficients on validation."""

from typing import Final

from ..registry import ALGORITHMS

_DEB_2002: Final = (
    "Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2), https://doi.org/10.1109/4235.996017"
)

ALGORITHMS.register_lazily(
    "sobol-pool",
    "algorithms.search.pools:SobolPool",
    summary=("Scrambled Sobol coefficients, measured on validation; the control for every search."),
    source="Sobol 1967, USSR Comput. Math. Math. Phys. 7(4); Owen 1998, J. Complexity 14(4)",
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "random-pool",
    "algorithms.search.pools:RandomPool",
    summary="Random coefficients with the budget of a search: what a search must beat.",
    source=(
        "Bergstra and Bengio 2012, J. Mach. Learn. Res. 13, "
        "https://jmlr.org/papers/v13/bergstra12a.html"
    ),
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "nsga2",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="NSGA-II over task coefficients: nondomination rank and crowding distance.",
    source=_DEB_2002,
    bound={"optimiser": "nsga2", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "nsga2-block",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="NSGA-II over block-wise coefficients: the same search in a larger space.",
    source=_DEB_2002,
    bound={"optimiser": "nsga2", "space": "block"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="block",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "nsga3",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="NSGA-III over task coefficients: nondomination rank and reference directions.",
    source=(
        "Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4), "
        "https://doi.org/10.1109/TEVC.2013.2281535"
    ),
    bound={"optimiser": "nsga3", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "moead",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=("MOEA/D over task coefficients: one model per weight vector, bred from neighbours."),
    source=(
        "Zhang and Li 2007, IEEE Trans. Evol. Comput. 11(6), "
        "https://doi.org/10.1109/TEVC.2007.892759"
    ),
    bound={"optimiser": "moead", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "sms-emoa",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "SMS-EMOA over task coefficients: drops the model with the least hypervolume contribution."
    ),
    source=(
        "Beume et al. 2007, Eur. J. Oper. Res. 181(3), https://doi.org/10.1016/j.ejor.2006.08.008"
    ),
    bound={"optimiser": "sms-emoa", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "rvea",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="RVEA over task coefficients: angles to reference vectors, penalised by distance.",
    source=(
        "Cheng et al. 2016, IEEE Trans. Evol. Comput. 20(5), "
        "https://doi.org/10.1109/TEVC.2016.2519378"
    ),
    bound={"optimiser": "rvea", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "age-moea",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=("AGE-MOEA over task coefficients: diversity over proximity in the front's own norm."),
    source=(
        "Panichella 2019, An adaptive evolutionary algorithm based on non-Euclidean "
        "geometry for many-objective optimization, GECCO, "
        "https://doi.org/10.1145/3321707.3321839"
    ),
    bound={"optimiser": "age-moea", "space": "task"},
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "cma-es",
    "algorithms.search.cma_es:CMAESSearch",
    summary="One CMA-ES run per ray, on the weighted sum of the measured objectives.",
    source=(
        "Hansen 2016, The CMA evolution strategy: a tutorial, "
        "https://arxiv.org/abs/1604.00772; Akiba et al. 2025, Evolutionary optimization "
        "of model merging recipes, https://doi.org/10.1038/s42256-024-00975-8"
    ),
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "qlognehvi",
    "algorithms.search.bayesian:QLogNEHVI",
    summary=("Bayesian optimisation of the hypervolume, up to four tasks; needs the extra `bo`."),
    source=(
        "Daulton et al. 2021, https://arxiv.org/abs/2105.08195; Ament et al. 2023, "
        "https://arxiv.org/abs/2310.20708"
    ),
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
ALGORITHMS.register_lazily(
    "qlognparego",
    "algorithms.search.bayesian:QLogNParEGO",
    summary="Bayesian optimisation of random scalarizations; needs the extra `bo`.",
    source=(
        "Knowles 2006, IEEE Trans. Evol. Comput. 10(1); Daulton et al. 2020, "
        "https://arxiv.org/abs/2006.05078; Ament et al. 2023, "
        "https://arxiv.org/abs/2310.20708"
    ),
    output="finite",
    data="labelled",
    access="evaluations",
    space="task",
    track="inductive",
)
