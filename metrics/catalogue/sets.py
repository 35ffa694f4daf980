"""Metrics of sets of points: their quality, and their diversity."""

from functools import partial
from typing import Final

from .entry import MOOCORE, OURS, register

_DOI: Final = "https://doi.org/"
_HYPERVOLUME: Final = f"Zitzler and Thiele 1998, {_DOI}10.1007/BFb0056872"
_EPSILON: Final = f"Zitzler et al. 2003, {_DOI}10.1109/TEVC.2003.810758"
_COVERAGE: Final = f"Zitzler and Thiele 1999, {_DOI}10.1109/4235.797969"
_VAN_VELDHUIZEN: Final = "Van Veldhuizen 1999, 'Multiobjective evolutionary algorithms', AFIT"

_best_first = partial(register, direction="maximise", kind="front")
_least_first = partial(register, direction="minimise", kind="front")

_best_first(
    *("hypervolume", "hypervolume"),
    "Volume that the points dominate, up to the reference point",
    f"{_HYPERVOLUME}; {MOOCORE}",
    reference="ref_point",
)
_best_first(
    *("relative-hypervolume", "hypervolume_variants"),
    "Hypervolume divided by that of the reference front",
    f"{_VAN_VELDHUIZEN}; {MOOCORE}",
    reference="front",
)
_best_first(
    *("hypervolume-root", "hypervolume_variants"),
    "The m-th root of the hypervolume of m tasks, which does not shrink with their number",
    f"{_HYPERVOLUME}; root: {OURS}",
    reference="ref_point",
)
_best_first(
    *("pairwise-hypervolume", "hypervolume_variants"),
    "Mean hypervolume of the points projected on each pair of tasks",
    f"{_HYPERVOLUME}; projection: {OURS}",
    reference="ref_point",
)
_best_first(
    *("gain-over-anchors", "hypervolume_variants"),
    "Hypervolume minus that of the free models: pretrained model, experts and their average",
    OURS,
    reference="anchors",
)
_least_first(
    *("igd", "igd"),
    "Mean distance from the reference front to the points; not Pareto compliant",
    f"Coello Coello and Reyes Sierra 2004, {_DOI}10.1007/978-3-540-24694-7_71; {MOOCORE}",
    reference="front",
)
_least_first(
    *("igd-plus", "igd"),
    "Mean modified distance from the reference front to the points",
    f"Ishibuchi et al. 2015, {_DOI}10.1007/978-3-319-15892-1_8; {MOOCORE}",
    reference="front",
)
_least_first(
    *("gd", "gd"),
    "Mean distance from the points to the reference front; not Pareto compliant",
    f"Van Veldhuizen and Lamont 1998, AFIT TR-98-03; {MOOCORE}",
    reference="front",
)
_least_first(
    *("gd-plus", "gd"),
    "Mean modified distance from the points to the reference front",
    f"Ishibuchi et al. 2015, {_DOI}10.1007/978-3-319-15892-1_8; {MOOCORE}",
    reference="front",
)
_least_first(
    *("averaged-hausdorff", "gd"),
    "The larger of the generational distance and its inverse",
    f"Schuetze et al. 2012, {_DOI}10.1109/TEVC.2011.2161872; {MOOCORE}",
    reference="front",
)
_least_first(
    *("additive-epsilon", "epsilon"),
    "Least improvement of all points after which they cover the reference front",
    f"{_EPSILON}; {MOOCORE}",
    reference="front",
)
_least_first(
    *("multiplicative-epsilon", "epsilon"),
    "Least factor of 1 + g by which points must improve to cover the reference front",
    f"{_EPSILON}; {MOOCORE}",
    reference="front",
)
_least_first(
    *("r2", "r2"),
    "Mean over weights of the best Tchebycheff value of the set",
    f"Hansen and Jaszkiewicz 1998, IMM-REP-1998-7; exact for two tasks: {MOOCORE}",
)
_best_first(
    *("coverage", "coverage"),
    "Share of the points of rewarded-soup that the points weakly dominate (C-metric)",
    _COVERAGE,
    reference="baseline",
)
_least_first(
    *("covered-by-baseline", "coverage"),
    "Share of the points that are weakly dominated by a point of rewarded-soup (C-metric)",
    _COVERAGE,
    reference="baseline",
)
_best_first(
    *("nondominated-points", "nondominated"),
    "Number of distinct nondominated points",
    f"{_VAN_VELDHUIZEN}; {MOOCORE}",
)
_best_first(
    *("nondominated-share", "nondominated"),
    "Share of the returned points that no other returned point dominates",
    f"{_VAN_VELDHUIZEN}; {MOOCORE}",
)
register(
    *("spacing", "diversity"),
    "Deviation of the distances between nearest nondominated points",
    "Schott 1995, 'Fault tolerant design using single and multicriteria GA optimization', MIT",
    direction="minimise",
    kind="diversity",
)
register(
    *("spread", "diversity"),
    "Unevenness of the nondominated points, and distance from them to the experts",
    f"Deb et al. 2002, {_DOI}10.1109/4235.996017; for any number of tasks: Zhou et al. 2006, CEC",
    direction="minimise",
    kind="diversity",
    reference="anchors",
)
register(
    *("span", "diversity"),
    "Diagonal of the box around the nondominated points",
    f"Zitzler, Deb and Thiele 2000, {_DOI}10.1162/106365600568202",
    direction="maximise",
    kind="diversity",
)
register(
    *("minimal-distance", "diversity"),
    "Least distance between two nondominated points",
    OURS,
    direction="maximise",
    kind="diversity",
)
register(
    *("sparsity", "diversity"),
    "Mean squared gap between neighbouring nondominated points in each objective",
    "Xu et al. 2020, https://proceedings.mlr.press/v119/xu20h.html",
    direction="minimise",
    kind="diversity",
)
