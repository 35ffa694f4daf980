"""The hub's problems as registry entries: what is merged, and what each case tells apart."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ...registry import Entry
from ..case import case_labels, case_name
from .suites import SUITES, Kind, Suite, published

if TYPE_CHECKING:
    from ..base import Problem

_SOURCES: Final[dict[Kind, str]] = {
    "clip": "Radford et al. 2021; Ilharco et al. 2023; Tang et al. 2024 (arXiv 2406.09770, "
    "2406.03280); weights and data: Hugging Face hub, openai and tanganke",
    "gpt2": "Radford et al. 2019; Wang et al. 2019 (GLUE); Tang et al. 2024 (arXiv 2406.09770, "
    "2406.03280); weights and data: Hugging Face hub, gpt2, tanganke and glue",
}


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """Every problem of every suite."""
    for suite in SUITES.values():
        for tasks in suite.subsets():
            yield _entry(suite, tasks)


def _entry(suite: Suite, tasks: tuple[str, ...]) -> Entry["Callable[[], Problem]"]:
    def make() -> "Problem":
        from .family import HubProblem

        return HubProblem(suite=suite.name, tasks=tasks)

    names = [task.name for task in suite.tasks]
    return Entry(
        name=case_name(suite.name, names, tasks),
        target=make,
        summary=_summary(suite, tasks),
        source=_SOURCES[suite.kind],
        labels=case_labels(
            names,
            tasks,
            family=suite.name,
            modality="language" if suite.kind == "gpt2" else "vision",
            conflict=_conflict(suite, tasks),
            needs="hub",
        ),
    )


def _conflict(suite: Suite, tasks: tuple[str, ...]) -> str:
    """Images of CLIP's tasks are of other domains; GLUE's tasks mostly ask other questions too."""
    if suite.kind == "clip" or len({suite.task(task).question for task in tasks}) == 1:
        return "other-domain"
    return "mixed"


def _summary(suite: Suite, tasks: tuple[str, ...]) -> str:
    if len(tasks) == len(suite.tasks):
        told = "tells who still covers the front, and keeps the weakest task, with so many tasks"
        return f"Merge all {len(tasks)} {suite.title} experts of the literature: {told}."
    shown = ", ".join(f"{t.title} ({t.trait})" for t in map(suite.task, tasks))
    told = _told_of_pair(suite, tasks) if len(tasks) == 2 else _TRIPLE
    return f"Merge the {suite.title} experts of {shown}: {told}."


_TRIPLE: Final = (
    "the literature's triple, natural images the base knows well; tells whether a method answers "
    "preferences over three tasks or only along edges"
)
_SAME_QUESTION: Final = (
    "one question on two kinds of inputs, so that experts may help each other; tells who gets "
    "beyond a compromise"
)
_SMALL_TEST: Final = (
    "RTE's test has 277 examples, too few to resolve small gains; tells whether a ranking survives "
    "noise"
)
_CLASSES: Final = (
    "cross-entropies of unlike size ({many} against {few} classes); tells whether the scale of the "
    "losses bends the answers to preferences"
)
_UNEQUAL: Final = (
    "fine-tuning gained {large:.0f} points on {far} and {small:.0f} on {near}; tells who spends "
    "everything on the task with more to gain"
)
_NEAR: Final = (
    "fine-tuning gained no more than {large:.0f} points on either; tells a method's gains from the "
    "noise of its validation split"
)
_FAR: Final = (
    "fine-tuning gained at least {small:.0f} points on each; tells who handles experts far from "
    "the base and from each other"
)


def _told_of_pair(suite: Suite, names: tuple[str, ...]) -> str:
    """What a pair tells apart, by the first property of it that stands out."""
    first, second = pair = [suite.task(name) for name in names]
    if any(task.name == "rte" for task in pair):
        return _SMALL_TEST
    if first.question == second.question:
        return _SAME_QUESTION
    few, many = sorted(task.n_classes for task in pair)
    if many >= 8 * few or (suite.kind == "gpt2" and many > few):
        return _CLASSES.format(many=many, few=few)
    known = published(suite.name)
    gains = {t: known.experts[t.name][t.name] - known.pretrained[t.name] for t in pair}
    near, far = sorted(pair, key=gains.__getitem__)
    told = _NEAR if gains[far] < 40 else _FAR
    if gains[far] >= 1.5 * gains[near]:
        told = _UNEQUAL
    return told.format(large=gains[far], far=far.title, small=gains[near], near=near.title)
