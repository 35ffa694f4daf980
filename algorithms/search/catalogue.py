"""Searches that measure coefficients: name, class, summary, source, labels."""

from typing import Final

_TASK: Final = "finite labelled evaluations task inductive"

ENTRIES: Final = (
    (
        "sobol-pool",
        "search.pools:SobolPool",
        "Scrambled Sobol coefficients, measured on validation; the control for every search.",
        "Sobol 1967, USSR Comput. Math. Math. Phys. 7(4); Owen 1998, J. Complexity 14(4)",
        _TASK,
    ),
    (
        "random-pool",
        "search.pools:RandomPool",
        "Random coefficients with the budget of a search; what a search must beat.",
        "Bergstra and Bengio 2012, J. Mach. Learn. Res. 13, https://jmlr.org/papers/v13/bergstra12a.html",
        _TASK,
    ),
    (
        "nsga2",
        "search.evolution:NSGA2Search",
        "NSGA-II over task coefficients: nondomination rank and crowding distance.",
        "Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2), https://doi.org/10.1109/4235.996017",
        _TASK,
    ),
    (
        "nsga2-block",
        "search.evolution:NSGA2BlockSearch",
        "NSGA-II over block-wise coefficients: the same search in a larger space.",
        "Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2), https://doi.org/10.1109/4235.996017",
        "finite labelled evaluations block inductive",
    ),
    (
        "nsga3",
        "search.evolution:NSGA3Search",
        "NSGA-III over task coefficients: nondomination rank and reference directions.",
        "Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4), "
        "https://doi.org/10.1109/TEVC.2013.2281535",
        _TASK,
    ),
    (
        "moead",
        "search.evolution:MOEADSearch",
        "MOEA/D over task coefficients: a model for each weight vector, bred from neighbours.",
        "Zhang and Li 2007, IEEE Trans. Evol. Comput. 11(6), "
        "https://doi.org/10.1109/TEVC.2007.892759",
        _TASK,
    ),
    (
        "sms-emoa",
        "search.evolution:SMSEMOASearch",
        "SMS-EMOA over task coefficients: drops the model of least hypervolume contribution.",
        "Beume et al. 2007, Eur. J. Oper. Res. 181(3), https://doi.org/10.1016/j.ejor.2006.08.008",
        _TASK,
    ),
    (
        "rvea",
        "search.evolution:RVEASearch",
        "RVEA over task coefficients: angles to reference vectors, penalised by distance.",
        "Cheng et al. 2016, IEEE Trans. Evol. Comput. 20(5), "
        "https://doi.org/10.1109/TEVC.2016.2519378",
        _TASK,
    ),
    (
        "age-moea",
        "search.evolution:AGEMOEASearch",
        "AGE-MOEA over task coefficients: diversity over proximity in the front's own norm.",
        "Panichella 2019, An adaptive evolutionary algorithm based on non-Euclidean geometry for "
        "many-objective optimization, GECCO, https://doi.org/10.1145/3321707.3321839",
        _TASK,
    ),
    (
        "cma-es",
        "search.cma_es:CMAESSearch",
        "One CMA-ES a ray on the weighted sum of the measured objectives.",
        "Hansen 2016, The CMA evolution strategy: a tutorial, https://arxiv.org/abs/1604.00772; "
        "Akiba et al. 2025, Evolutionary optimization of model merging recipes, "
        "https://doi.org/10.1038/s42256-024-00975-8",
        _TASK,
    ),
    (
        "qlognehvi",
        "search.bayesian:QLogNEHVI",
        "Bayesian optimisation of the hypervolume, up to four tasks; needs the extra `bo`.",
        "Daulton et al. 2021, https://arxiv.org/abs/2105.08195; Ament et al. 2023, "
        "https://arxiv.org/abs/2310.20708",
        _TASK,
    ),
    (
        "qlognparego",
        "search.bayesian:QLogNParEGO",
        "Bayesian optimisation of random scalarizations; needs the extra `bo`.",
        "Knowles 2006, IEEE Trans. Evol. Comput. 10(1); Daulton et al. 2020, "
        "https://arxiv.org/abs/2006.05078; Ament et al. 2023, https://arxiv.org/abs/2310.20708",
        _TASK,
    ),
)
