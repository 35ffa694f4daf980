"""Language tasks and families of them; imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, final

from ...registry import unknown_name


@final
@dataclass(frozen=True, kw_only=True)
class TextTask:
    """One question about the texts of one corpus.

    Attributes:
        name: Name of the task in the names of problems.
        source: Name of the corpus; see `splits.SOURCES`.
        question: Key of the corpus's classes.
        asks: Kind of question; tasks of one kind on different corpora differ in their domain.
        classes: Number of classes.
    """

    name: str
    source: str
    question: str
    asks: Literal["topic", "voice", "sentiment"]
    classes: int


TASKS: Final = {
    task.name: task
    for task in (
        TextTask(name="news", source="newsgroups", question="group", asks="topic", classes=20),
        TextTask(name="reuters", source="reuters", question="topic", asks="topic", classes=8),
        TextTask(name="candidate", source="tweets", question="author", asks="voice", classes=2),
        TextTask(name="medium", source="reviews", question="kind", asks="topic", classes=3),
        TextTask(
            name="sentiment", source="reviews", question="valence", asks="sentiment", classes=2
        ),
        TextTask(name="supersense", source="glosses", question="kind", asks="topic", classes=26),
    )
}
"""All tasks by name; each family has some of them."""


def get_task(name: str) -> TextTask:
    """Return the task of this name."""
    if name not in TASKS:
        raise unknown_name("text task", name, list(TASKS))
    return TASKS[name]


Conflict = Literal["same-inputs", "other-domain", "other-labels", "mixed"]


@final
@dataclass(frozen=True, kw_only=True)
class TextFamily:
    """Tasks on one backbone; every pair, each tuple in `larger`, and all tasks are problems."""

    name: str
    tasks: tuple[str, ...]
    larger: tuple[tuple[str, ...], ...]

    @property
    def subsets(self) -> tuple[tuple[str, ...], ...]:
        """The tasks of each problem."""
        return (*combinations(self.tasks, 2), *self.larger, self.tasks)


def conflict(subset: Sequence[str]) -> Conflict:
    """Return why the tasks of a subset disagree; "mixed" if their pairs differ."""
    kinds = {_pair(a, b) for a, b in combinations(subset, 2)}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _pair(a: str, b: str) -> Conflict:
    first, second = get_task(a), get_task(b)
    if first.source == second.source:
        return "same-inputs"
    return "other-domain" if first.asks == second.asks else "other-labels"


TINY_GPT2: Final = TextFamily(
    name="tiny-gpt2",
    tasks=("news", "supersense", "sentiment", "candidate", "medium", "reuters"),
    larger=(("news", "supersense", "reuters"), ("sentiment", "candidate", "medium")),
)
MINILM: Final = TextFamily(
    name="minilm",
    tasks=("news", "supersense", "sentiment", "candidate", "medium"),
    larger=(("news", "supersense", "medium"),),
)
"""Reuters is left out: its expert gains less than ten standard errors over this encoder."""
