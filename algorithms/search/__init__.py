"""Searches that measure coefficients on validation."""

from functools import partial
from typing import Final

from ..registry import ALGORITHMS

_DEB_2002: Final = (
    "Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2), https://doi.org/10.1109/4235.996017"
)

# Labels that several entries share.
_search = partial(
    ALGORITHMS.register_lazily,
    output="finite",
    data="labelled",
    access="evaluations",
    track="inductive",
    delivery="model",
)

_search(
    "sobol-pool",
    "algorithms.search.pools:SobolPool",
    summary=(
        "Coefficients from a scrambled Sobol sequence, measured on validation data; the "
        "control of searches."
    ),
    source="Sobol 1967, USSR Comput. Math. Math. Phys. 7(4); Owen 1998, J. Complexity 14(4)",
    space="task",
)
_search(
    "random-pool",
    "algorithms.search.pools:RandomPool",
    summary=(
        "Random coefficients under the budget of a search: the baseline that a search must beat."
    ),
    source=(
        "Bergstra and Bengio 2012, J. Mach. Learn. Res. 13, "
        "https://jmlr.org/papers/v13/bergstra12a.html"
    ),
    space="task",
)
_search(
    "nsga2",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="NSGA-II over task coefficients: selects by nondomination rank and crowding distance.",
    source=_DEB_2002,
    bound={"optimiser": "nsga2", "space": "task"},
    space="task",
)
_search(
    "nsga2-block",
    "algorithms.search.evolution:EvolutionarySearch",
    summary="NSGA-II over block-wise coefficients: the same search in a larger space.",
    source=_DEB_2002,
    bound={"optimiser": "nsga2", "space": "block"},
    space="block",
)
_search(
    "nsga3",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "NSGA-III over task coefficients: selects by nondomination rank and reference directions."
    ),
    source=(
        "Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4), "
        "https://doi.org/10.1109/TEVC.2013.2281535"
    ),
    bound={"optimiser": "nsga3", "space": "task"},
    space="task",
)
_search(
    "moead",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "MOEA/D over task coefficients: breeds one model per weight vector from its neighbours."
    ),
    source=(
        "Zhang and Li 2007, IEEE Trans. Evol. Comput. 11(6), "
        "https://doi.org/10.1109/TEVC.2007.892759"
    ),
    bound={"optimiser": "moead", "space": "task"},
    space="task",
)
_search(
    "sms-emoa",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "SMS-EMOA over task coefficients: drops the model that contributes least to the "
        "hypervolume."
    ),
    source=(
        "Beume et al. 2007, Eur. J. Oper. Res. 181(3), https://doi.org/10.1016/j.ejor.2006.08.008"
    ),
    bound={"optimiser": "sms-emoa", "space": "task"},
    space="task",
)
_search(
    "rvea",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "RVEA over task coefficients: selects by the angle to reference vectors and by distance."
    ),
    source=(
        "Cheng et al. 2016, IEEE Trans. Evol. Comput. 20(5), "
        "https://doi.org/10.1109/TEVC.2016.2519378"
    ),
    bound={"optimiser": "rvea", "space": "task"},
    space="task",
)
_search(
    "age-moea",
    "algorithms.search.evolution:EvolutionarySearch",
    summary=(
        "AGE-MOEA over task coefficients: selects by diversity and proximity in the norm of "
        "the front."
    ),
    source=(
        "Panichella 2019, An adaptive evolutionary algorithm based on non-Euclidean "
        "geometry for many-objective optimization, GECCO, "
        "https://doi.org/10.1145/3321707.3321839"
    ),
    bound={"optimiser": "age-moea", "space": "task"},
    space="task",
)
_search(
    "cma-es",
    "algorithms.search.cma_es:CMAESSearch",
    summary="One CMA-ES run per ray, which minimises the weighted sum of the measured objectives.",
    source=(
        "Hansen 2016, The CMA evolution strategy: a tutorial, "
        "https://arxiv.org/abs/1604.00772; Akiba et al. 2025, Evolutionary optimization "
        "of model merging recipes, https://doi.org/10.1038/s42256-024-00975-8"
    ),
    space="task",
)
_search(
    "qlognehvi",
    "algorithms.search.bayesian:QLogNEHVI",
    summary="Bayesian optimisation of the hypervolume, for up to four tasks; needs the extra `bo`.",
    source=(
        "Daulton et al. 2021, https://arxiv.org/abs/2105.08195; Ament et al. 2023, "
        "https://arxiv.org/abs/2310.20708"
    ),
    space="task",
)
_search(
    "qlognparego",
    "algorithms.search.bayesian:QLogNParEGO",
    summary="Bayesian optimisation of random scalarizations; needs the extra `bo`.",
    source=(
        "Knowles 2006, IEEE Trans. Evol. Comput. 10(1); Daulton et al. 2020, "
        "https://arxiv.org/abs/2006.05078; Ament et al. 2023, "
        "https://arxiv.org/abs/2310.20708"
    ),
    space="task",
)
