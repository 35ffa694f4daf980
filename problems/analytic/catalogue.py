"""The analytic problems as registry entries: one per family with its parameters, then its cases."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, final

from .. import PROBLEMS, ProblemLabels
from .cases import CASES

if TYPE_CHECKING:
    from ..base import Problem

_MULTITAB: Final = (
    "Parameters of MultiTab-Bench: Sinodinos et al. 2025, https://arxiv.org/abs/2511.09970"
)
_LABELS: Final[ProblemLabels] = {"family": "analytic", "modality": "analytic", "needs": "nothing"}


@final
@dataclass(frozen=True, kw_only=True)
class AnalyticFamily:
    """A class of problems; `tasks` and `front` are those of its default parameters."""

    target: str
    summary: str
    source: str
    tasks: int
    front: str


FAMILIES: Final[Mapping[str, AnalyticFamily]] = {
    "quadratic": AnalyticFamily(
        target="quadratic:QuadraticProblem",
        summary="Quadratic losses around experts at one angle; the convex case that weighted sums"
        " solve exactly, with parameters for number, correlation and complexity of tasks.",
        source=f"Closed form, derived in its docstring; {_MULTITAB}",
        tasks=2,
        front="convex",
    ),
    "saturating": AnalyticFamily(
        target="saturating:SaturatingProblem",
        summary="Losses that saturate with the distance to the expert; the concave case, where"
        " weighted sums find only the ends.",
        source="Closed form, derived in its docstring; loss of Dennis and Welsch 1978,"
        " Commun. Stat. Simul. Comput. 7(4)",
        tasks=2,
        front="concave",
    ),
    "capacity": AnalyticFamily(
        target="capacity:CapacityProblem",
        summary="Tasks that share a limited capacity; hypervolumes in closed form for every number"
        " of tasks; shows which algorithms keep up as tasks are added.",
        source="Closed form, derived in its docstring; volume by Dirichlet's integral",
        tasks=2,
        front="convex",
    ),
    "barrier": AnalyticFamily(
        target="barrier:BarrierProblem",
        summary="Two experts separated by loss barriers; separates searches of all coefficients"
        " from"
        " descent that stays in one valley.",
        source="Closed form, ends of its pieces by bisection, in its docstring; barriers between"
        " experts: Frankle et al. 2020, https://arxiv.org/abs/1912.05671",
        tasks=2,
        front="disconnected",
    ),
    "disjoint": AnalyticFamily(
        target="disjoint:DisjointProblem",
        summary="Tasks that share no parameters, so that all can be solved at once; separates"
        " algorithms"
        " that add task vectors from those that average experts.",
        source="Closed form; task arithmetic's ideal of Ilharco et al. 2023,"
        " https://arxiv.org/abs/2212.04089",
        tasks=2,
        front="degenerate",
    ),
    "twins": AnalyticFamily(
        target="twins:TwinsProblem",
        summary="Tasks that partly share their experts; shows whether Pareto sets follow the"
        " sum of"
        " the preferences of a group.",
        source="Closed form, derived in its docstring",
        tasks=4,
        front="degenerate",
    ),
}
"""Families by name, in the order of registration."""


def factory(family: str, parameters: Mapping[str, Any]) -> "Callable[[], Problem]":
    """Return a function that makes a problem of a family with these parameters."""
    return partial(PROBLEMS[f"analytic-{family}"].load(), **parameters)


def _register(name: str, family: AnalyticFamily, halves: Iterator[str]) -> None:
    """Register a family as `analytic-<family>`, then its cases.

    The target of a family is a class, so that a study can set its parameters; labels that depend on
    them are left out.
    """
    PROBLEMS.register_lazily(
        f"analytic-{name}",
        f"problems.analytic.{family.target}",
        summary=family.summary,
        source=family.source,
        **_LABELS,
    )
    for case in CASES[name]:
        PROBLEMS.register_lazily(
            f"analytic-{name}-{case.name}",
            "problems.analytic.catalogue:factory",
            arguments={"family": name, "parameters": case.parameters},
            summary=case.summary,
            source=family.source,
            tasks=str(case.parameters.get("n_tasks", family.tasks)),
            front=case.front or family.front,
            subset=next(halves),
            **_LABELS,
        )


_halves: Final = cycle(("dev", "test"))
for _name, _family in FAMILIES.items():
    _register(_name, _family, _halves)
