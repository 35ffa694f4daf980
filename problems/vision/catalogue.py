"""The vision problems as registry entries: what is merged, and what each case tells apart."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ...registry import Entry
from .families import FAMILIES, Conflict, Family

if TYPE_CHECKING:
    from ..base import Problem

_TOLD_APART: Final[dict[Conflict, str]] = {
    "same-inputs": "{n} questions about the same images, so that what serves one distracts another;"
    " tells who spreads over the whole front from who finds one compromise",
    "other-domain": "like questions about other images, often a mild conflict; tells whether finer"
    " coefficients buy anything over one number a task",
    "other-mapping": "one of them sees its images negated; tells coefficients by layer from one"
    " number a task",
    "other-labels": "one of them asks for a sum, a harder question with more classes; tells who"
    " keeps a hard task alive at the preferences in between",
    "mixed": "{n} tasks with several kinds of conflict; tells who still covers the front when there"
    " are more than two tasks",
}
_CLASSICS: Final = {
    "mnist": "MultiMNIST",
    "fashion": "MultiFashion",
    "mnist+fashion": "Fashion+MNIST",
}
_COUNTS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """Every problem of every vision family."""
    for family in FAMILIES.values():
        for subset in family.subsets:
            yield _entry(family, subset)


def _entry(family: Family, tasks: tuple[str, ...]) -> Entry["Callable[[], Problem]"]:
    def make() -> "Problem":
        from .problem import VisionProblem

        return VisionProblem(family=family.name, tasks=tasks)

    return Entry(
        name=family.problem(tasks),
        target=make,
        summary=_summary(family, tasks),
        source=family.origin,
        labels=family.labels(tasks),
    )


def _summary(family: Family, tasks: tuple[str, ...]) -> str:
    conflict = family.conflict(tasks)
    told = _TOLD_APART[conflict].format(n=_COUNTS[len(tasks)])
    shown = family.task(tasks[0]).shown
    classic = ""
    if conflict == "same-inputs" and shown in _CLASSICS:
        classic = f" ({_CLASSICS[shown]})"
    return f"Merge the {family.name} experts of {', '.join(tasks)}{classic}: {told}."
