"""Metrics of how preferences are answered."""

from functools import partial

from .entry import OURS, ZINTGRAF, register

_best_first = partial(register, direction="maximise", kind="preference")
_least_first = partial(register, direction="minimise", kind="preference")

_least_first(
    *("expected-utility", "expected_utility"),
    "Mean over preferences of the largest weighted objective of the returned model",
    f"{ZINTGRAF}, with the Chebyshev utility; https://github.com/LucasAlegre/morl-baselines",
)
_best_first(
    *("gain-over-pretrained", "gain_over_pretrained"),
    "Expected utility of the pretrained model minus that of the points",
    OURS,
)
_least_first(
    *("oracle-utility", "regret"),
    "Expected utility if each preference got the best of the returned models",
    f"{ZINTGRAF}, with the Chebyshev utility",
)
_least_first(
    *("selection-regret", "regret"),
    "Expected utility minus that of the oracle, who picks the best returned model",
    f"{OURS}, after {ZINTGRAF}",
)
_least_first(
    *("linear-utility", "utility"),
    "Mean over preferences of the weighted sum of objectives of the returned model",
    f"{ZINTGRAF}, with linear utilities",
)
_least_first(
    *("own-expected-utility", "utility"),
    "Expected utility of the set that the fit returned, without the anchors",
    OURS,
    applies="protocol-2",
)
_least_first(
    *("preference-regret", "regret"),
    "Mean over preferences of the utility lost against the best point of the reference front",
    f"{OURS}, after {ZINTGRAF}",
    reference="front",
)
_least_first(
    *("worst-preference-regret", "regret"),
    "Largest utility that a preference loses against the best point of the reference front",
    f"{ZINTGRAF} (maximum utility loss)",
    reference="front",
)
_best_first(
    *("controllability", "control"),
    "Mean rank correlation of the importance of a task and how good its objective is",
    "Spearman 1904, https://doi.org/10.2307/1412159",
)
_least_first(
    *("monotonicity-violations", "control"),
    "Share of comparisons in which more importance gives a worse objective",
    OURS,
)
_least_first(
    *("map-roughness", "control"),
    "Mean change of the objectives per change of the preference between neighbours",
    OURS,
)
_least_first(
    *("cross-angle", "alignment"),
    "Mean angle between the objectives and the ray of their preference, in degrees",
    "Zhang et al. 2024 (LibMOON), https://arxiv.org/abs/2409.02969",
)
_least_first(
    *("non-uniformity", "alignment"),
    "Mean KL divergence of the shares of p_i g_i from equal shares",
    "Mahapatra and Rajan 2020 (EPO), https://proceedings.mlr.press/v119/mahapatra20a.html; "
    "Navon et al. 2021 (PHN), https://arxiv.org/abs/2010.04104",
)
_least_first(
    *("corner-gap", "corner_gap"),
    "Mean value lost against each expert when the whole preference is on its task",
    OURS,
    reference="anchors",
)
_best_first(
    *("corner-recovery", "corner_gap"),
    "Mean share of each expert's gain that is kept when the whole preference is on its task",
    OURS,
)
_least_first(
    *("anytime-utility", "anytime"),
    "Mean expected utility over the budget: the area under the anytime curve",
    f"Hansen et al. 2022, https://doi.org/10.1109/TEVC.2022.3210897; {ZINTGRAF}",
    applies="protocol-2",
)
