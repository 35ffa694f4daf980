"""Registry entries of the problems on the hub, with what each case distinguishes."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from .. import PROBLEMS, case_labels, case_name, listed
from .suites import SUITES, Kind, Suite, published

if TYPE_CHECKING:
    from ..base import Problem

_SOURCES: Final[dict[Kind, str]] = {
    "clip": "Radford et al. 2021; Ilharco et al. 2023; Tang et al. 2024 (arXiv 2406.09770, "
    "2406.03280); weights and data: Hugging Face hub, openai and tanganke",
    "gpt2": "Radford et al. 2019; Wang et al. 2019 (GLUE); Tang et al. 2024 (arXiv 2406.09770, "
    "2406.03280); weights and data: Hugging Face hub, gpt2, tanganke and glue",
}


def factory(suite: str, tasks: tuple[str, ...]) -> Callable[[], "Problem"]:
    """Return a function that makes the problem of some tasks of a suite."""
    from .family import HubProblem

    return partial(HubProblem, suite=suite, tasks=tasks)


def _conflict(suite: Suite, tasks: tuple[str, ...]) -> str:
    """Return the label: CLIP's tasks differ in their images, most of GLUE's in the question too."""
    if suite.kind == "clip" or len({suite.task(task).question for task in tasks}) == 1:
        return "other-domain"
    return "mixed"


def _summary(suite: Suite, tasks: tuple[str, ...]) -> str:
    if len(tasks) == len(suite.tasks):
        case = "shows which algorithms still cover the front and keep the weakest of many tasks"
        return f"Merge all {len(tasks)} {suite.title} experts from the literature: {case}."
    shown = listed([f"{t.title} ({t.trait})" for t in map(suite.task, tasks)])
    case = _pair_case(suite, tasks) if len(tasks) == 2 else _TRIPLE
    return f"Merge the {suite.title} experts of {shown}: {case}."


_TRIPLE: Final = (
    "the triple of the literature, natural images that the pretrained model knows well; shows "
    "whether an algorithm serves preferences over all three tasks or only over two at a time"
)
_SAME_QUESTION: Final = (
    "one question on two kinds of inputs, so that experts may help each other; shows which "
    "algorithms do better than a compromise"
)
_SMALL_TEST: Final = (
    "the test split of RTE has 277 examples, too few to resolve small gains; shows whether a "
    "ranking survives noise"
)
_CLASSES: Final = (
    "cross-entropies of different scales ({many} and {few} classes); shows whether the scale of "
    "the losses distorts how preferences are served"
)
_UNEQUAL: Final = (
    "fine-tuning gained {large:.0f} points on {far} and {small:.0f} on {near}; shows which "
    "algorithms spend everything on the task with more to gain"
)
_NEAR: Final = (
    "fine-tuning gained at most {large:.0f} points on either task; separates the gains of an "
    "algorithm from the noise of the validation split"
)
_FAR: Final = (
    "fine-tuning gained at least {small:.0f} points on each; shows which algorithms handle "
    "experts far from the pretrained model and from each other"
)


def _pair_case(suite: Suite, names: tuple[str, ...]) -> str:
    """Return what a pair distinguishes, by the first of its properties that stands out."""
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
    case = _NEAR if gains[far] < 40 else _FAR
    if gains[far] >= 1.5 * gains[near]:
        case = _UNEQUAL
    return case.format(large=gains[far], far=far.title, small=gains[near], near=near.title)


def _register(suite: Suite, tasks: tuple[str, ...]) -> None:
    names = [task.name for task in suite.tasks]
    PROBLEMS.register_lazily(
        case_name(suite.name, names, tasks),
        "problems.hub.catalogue:factory",
        arguments={"suite": suite.name, "tasks": tasks},
        summary=_summary(suite, tasks),
        source=_SOURCES[suite.kind],
        **case_labels(
            names,
            tasks,
            family=suite.name,
            modality="language" if suite.kind == "gpt2" else "vision",
            conflict=_conflict(suite, tasks),
            needs="hub",
        ),
    )


for _suite in SUITES.values():
    for _tasks in _suite.subsets():
        _register(_suite, _tasks)
