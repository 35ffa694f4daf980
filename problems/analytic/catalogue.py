"""The analytic problems as registry entries: what is merged, and what each case tells apart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, final

from ...registry import Entry
from .cases import CASES

if TYPE_CHECKING:
    from ..base import Problem

_MULTITAB: Final = (
    "MultiTab-Bench's knobs: Sinodinos et al. 2025, MultiTab, https://arxiv.org/abs/2511.09970"
)
_LABELS: Final = {"family": "analytic", "modality": "analytic", "needs": "nothing"}


@final
@dataclass(frozen=True, kw_only=True)
class Family:
    """A class of problems: where it is, what it tells apart, tasks and front of its defaults."""

    target: str
    summary: str
    source: str
    tasks: int
    front: str


FAMILIES: Final[Mapping[str, Family]] = {
    "quadratic": Family(
        target="quadratic:QuadraticProblem",
        summary="Quadratic losses around experts at one angle; the convex case that weighted sums"
        " solve exactly, with knobs for number, correlation and complexity of tasks.",
        source=f"Closed form, derived in its docstring; {_MULTITAB}",
        tasks=2,
        front="convex",
    ),
    "saturating": Family(
        target="saturating:SaturatingProblem",
        summary="Losses that saturate with the distance to the expert; the concave case, of which"
        " weighted sums find the ends only.",
        source="Closed form, derived in its docstring; loss of Dennis and Welsch 1978,"
        " Commun. Stat. Simul. Comput. 7(4)",
        tasks=2,
        front="concave",
    ),
    "capacity": Family(
        target="capacity:CapacityProblem",
        summary="Tasks that share a limited capacity; hypervolumes in closed form for every number"
        " of tasks, so tells who keeps up as tasks are added.",
        source="Closed form, derived in its docstring; volume by Dirichlet's integral",
        tasks=2,
        front="convex",
    ),
    "barrier": Family(
        target="barrier:BarrierProblem",
        summary="Two experts separated by loss barriers; tells searches of all coefficients from"
        " descents that stay in one valley.",
        source="Closed form, ends of its pieces by bisection, in its docstring; barriers between"
        " experts: Frankle et al. 2020, https://arxiv.org/abs/1912.05671",
        tasks=2,
        front="disconnected",
    ),
    "disjoint": Family(
        target="disjoint:DisjointProblem",
        summary="Tasks that share no parameter, so that all can be had at once; tells who adds task"
        " vectors up from who averages experts.",
        source="Closed form; task arithmetic's ideal of Ilharco et al. 2023,"
        " https://arxiv.org/abs/2212.04089",
        tasks=2,
        front="degenerate",
    ),
    "twins": Family(
        target="twins:TwinsProblem",
        summary="Tasks of which some have the same expert; tells whether answers follow the sum of"
        " the preferences of a group.",
        source="Closed form, derived in its docstring",
        tasks=4,
        front="degenerate",
    ),
}
"""Families by name, in the order of their files."""


def entries() -> Iterator[Entry["Callable[..., Problem]"]]:
    """Each family with its knobs, `analytic-<family>`, then its cases, dev and test in turn.

    A family is a class, so that its knobs can be set; labels that they change are left out.
    """
    halves = cycle(("dev", "test"))
    for name, family in FAMILIES.items():
        yield Entry(
            name=f"analytic-{name}",
            target=f"problems.analytic.{family.target}",
            summary=family.summary,
            source=family.source,
            labels=_LABELS,
        )
        for case in CASES[name]:
            told = {
                "tasks": str(case.knobs.get("n_tasks", family.tasks)),
                "front": case.front or family.front,
                "subset": next(halves),
            }
            yield Entry(
                name=f"analytic-{name}-{case.name}",
                target=_maker(family, case.knobs),
                summary=case.summary,
                source=family.source,
                labels=_LABELS | told,
            )


def _maker(family: Family, knobs: Mapping[str, Any]) -> "Callable[[], Problem]":
    def make() -> "Problem":
        problem: Problem = Entry[Any](
            name="", target=f"problems.analytic.{family.target}", summary="", source=""
        ).load()(**knobs)
        return problem

    return make
