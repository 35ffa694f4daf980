"""The vision problems as registry entries: what is merged, and what each case can show."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from .. import PROBLEMS, listed
from .families import DINO, FAMILIES, Conflict, VisionFamily

if TYPE_CHECKING:
    from ..base import Problem
    from ..family import ExpertFamily

_SHOWN: Final[Mapping[Conflict, str]] = {
    "same-inputs": "{n} questions about the same images, so that what helps one task distracts the"
    " other; shows which algorithms cover the whole front and which find one compromise",
    "other-domain": "similar questions about different images, often a mild conflict; shows whether"
    " finer coefficients gain anything over one coefficient per task",
    "other-mapping": "one task sees its images negated; shows what coefficients per layer gain over"
    " one coefficient per task",
    "other-labels": "one task asks for a sum, a harder question with more classes; shows which"
    " algorithms preserve a hard task at intermediate preferences",
    "mixed": "{n} tasks with several kinds of conflict; shows which algorithms still cover the"
    " front when there are more than two tasks",
}
_SHOWN_BY_DINO: Final[Mapping[Conflict, str]] = {
    "same-inputs": "{n} questions about the same images, where one coefficient per task hardly"
    " helps both; shows which algorithms cover the front and which find one compromise",
    "other-domain": "{corners} of different overlays; shows which algorithms come close to both"
    " experts at once",
    "other-mapping": "one task sees single digits, negated and rotated; shows what coefficients per"
    " layer gain over one coefficient per task",
    "mixed": "{n} tasks with several kinds of conflict and costly evaluations; shows which"
    " algorithms cover the front with few evaluations of 22 million parameters",
}
_CORNERS: Final = {1: "the same corner", 2: "opposite corners, in strong conflict,"}
"""Parts of summaries, by the number of different questions that the tasks ask."""
_CLASSICS: Final = {
    "mnist": "MultiMNIST",
    "fashion": "MultiFashion",
    "mnist+fashion": "Fashion+MNIST",
}
_COUNTS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def factory(family: str, tasks: tuple[str, ...]) -> Callable[[], "Problem"]:
    """Return a function that makes the problem of some tasks of a family."""
    from ..family import FamilyProblem

    return partial(FamilyProblem, make_family=_maker(family), tasks=tasks)


def _maker(family: str) -> Callable[[], "ExpertFamily"]:
    if family == DINO.name:
        from .dino import dino

        return dino
    from .small_vit import SmallVitFamily

    return lambda: SmallVitFamily(name=family)


def _summary(family: VisionFamily, tasks: tuple[str, ...]) -> str:
    conflict = family.conflict(tasks)
    kinds = _SHOWN_BY_DINO if family is DINO else _SHOWN
    questions = {family.task(name).question for name in tasks}
    shown = kinds[conflict].format(
        n=_COUNTS[len(tasks)], corners=_CORNERS.get(len(questions), "several corners")
    )
    images = family.task(tasks[0]).shown
    classic = ""
    if family is not DINO and conflict == "same-inputs" and images in _CLASSICS:
        classic = f" ({_CLASSICS[images]})"
    experts = "DINOv2" if family is DINO else family.name
    return f"Merge the {experts} experts of {listed(tasks)}{classic}: {shown}."


for _family in (*FAMILIES.values(), DINO):
    for _tasks in _family.subsets:
        PROBLEMS.register_lazily(
            _family.problem(_tasks),
            "problems.vision.catalogue:factory",
            arguments={"family": _family.name, "tasks": _tasks},
            summary=_summary(_family, _tasks),
            source=_family.origin,
            **_family.labels(_tasks),
        )
