"""Language tasks and the families they form; imports no torch."""

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
        name: Word for it in names of problems.
        source: Name of the corpus; see `sources`.
        question: Which of the corpus's answers is wanted.
        asks: What kind of question it is: tasks that ask alike about other texts differ in domain.
        classes: Number of answers.
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
"""Every task by name; the families choose from them."""


def get_task(name: str) -> TextTask:
    """The task of this name."""
    if name not in TASKS:
        raise unknown_name("text task", name, list(TASKS))
    return TASKS[name]


Conflict = Literal["same-inputs", "other-domain", "other-labels", "mixed"]


@final
@dataclass(frozen=True, kw_only=True)
class TextFamily:
    """Tasks on one backbone; every pair of them is a problem, and so are `larger` and all."""

    name: str
    tasks: tuple[str, ...]
    larger: tuple[tuple[str, ...], ...]

    @property
    def subsets(self) -> tuple[tuple[str, ...], ...]:
        """The tasks of each problem."""
        return (*combinations(self.tasks, 2), *self.larger, self.tasks)


def conflict(subset: Sequence[str]) -> Conflict:
    """What sets the tasks of a subset against each other; "mixed" if their pairs differ."""
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
"""Reuters is not here: the pretrained encoder is within ten standard errors of its expert."""
