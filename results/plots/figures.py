"""The catalogue of figures, which describes each kind without importing matplotlib."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ...registry import Registry
from ..results import Results
from .options import Options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES: "Registry[Callable[[Results, Options], Figure]]" = Registry("figure", {})

TASK_VECTORS: Final = "task-vectors"
"""The kind that is drawn from the experts of a problem instead of from results."""

_PACKAGE: Final = "results.plots"
_KINDS: Final = (
    ("front", "Fronts on test, one panel per problem", ""),
    ("front-3d", "Fronts of problems with three tasks, in three dimensions", ""),
    ("parallel", "Objectives of every point as a line over the tasks, for three or more", ""),
    ("ternary", "Utility over the simplex of preferences, for three tasks", ""),
    (
        "attainment",
        "Median front over seeds, between the best and the worst attained",
        "Grunert da Fonseca et al. 2001, https://doi.org/10.1007/3-540-44719-9_15; "
        "computed by moocore, https://multi-objective.github.io/moocore/python/",
    ),
    ("anytime", "Expected utility against units or seconds, with its range over seeds", ""),
    (
        "ecdf",
        "Share of (problem, target, seed) reached against units or seconds",
        "Hansen et al. 2021, https://doi.org/10.1080/10556788.2020.1808977",
    ),
    (
        "profile",
        "Performance profiles: share of runs within a factor of the best",
        "Dolan and More 2002, https://doi.org/10.1007/s101070100263",
    ),
    ("rank-over-budget", "Average rank at every budget", ""),
    (
        "critical-difference",
        "Average ranks, and which of them do not differ significantly",
        "Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html",
    ),
    ("box", "Quartiles of a metric over problems and seeds", ""),
    ("violin", "Densities of a metric over problems and seeds", ""),
    ("heat-map", "A metric by algorithm and problem", ""),
    ("cost-quality", "A metric against a cost, with the front of the two", ""),
    ("landscape", "Points of a pair in the plane of its coefficients, coloured by utility", ""),
    ("coefficients", "Merging coefficients of each group of parameters over preferences", ""),
)

for _name, _summary, _source in _KINDS:
    _module = _name.replace("-", "_")
    FIGURES.register_lazily(
        _name, f"{_PACKAGE}.{_module}:draw_{_module}", summary=_summary, source=_source
    )
