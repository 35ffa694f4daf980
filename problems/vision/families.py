"""Names of the vision families, their tasks and the subsets that become problems; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from ...benchmark.registry import unknown_name

Conflict = Literal["same-inputs", "other-domain", "other-mapping", "other-labels", "mixed"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One classification task: which digits, how they are shown, and what is asked.

    Tasks of one `source` and one `view` share their inputs.
    """

    name: str
    source: Literal["mnist", "optdigits"]
    view: Literal["plain", "overlay", "negated", "neg180"]
    question: Literal["first", "second", "sum"] = "first"

    @property
    def n_classes(self) -> int:
        """Number of classes: 19 sums, else ten digits."""
        return 19 if self.question == "sum" else 10


@dataclass(frozen=True, kw_only=True)
class Family:
    """Tasks on one backbone, and the subsets of them that are problems."""

    name: str
    summary: str
    size: int  # side of the square canvas, pixels
    digit: int  # side to which every digit is enlarged, pixels
    definitions: tuple[Task, ...]
    subsets: tuple[tuple[str, ...], ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in the order of the task vectors."""
        return tuple(task.name for task in self.definitions)

    def task(self, name: str) -> Task:
        """The definition of a task."""
        for task in self.definitions:
            if task.name == name:
                return task
        raise unknown_name(f"a task of `{self.name}`", name, list(self.tasks))

    def conflict(self, subset: Sequence[str]) -> Conflict:
        """What sets the tasks of a subset against each other; "mixed" if their pairs differ."""
        tasks = [self.task(name) for name in subset]
        kinds = {_pair_conflict(a, b) for a, b in combinations(tasks, 2)}
        if len(kinds) == 1:
            return kinds.pop()
        same = len({(task.source, task.view) for task in tasks}) == 1
        return "same-inputs" if same else "mixed"


def _pair_conflict(a: Task, b: Task) -> Conflict:
    if (a.question == "sum") != (b.question == "sum"):
        return "other-labels"
    if (a.source, a.view) == (b.source, b.view):
        return "same-inputs"
    if {a.view, b.view} & {"negated", "neg180"}:
        return "other-mapping"
    return "other-domain"


def _pairs(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple(combinations(names, 2))


_DIGITS = ("mnist", "optdigits", "left", "right", "neg180", "sum")
_SMOKE = ("left", "right", "negated")

FAMILIES: dict[str, Family] = {
    "digits": Family(
        name="digits",
        summary="Six digit tasks, MNIST and optdigits: plain, overlaid, negated and turned, summed",
        size=28,
        digit=28,
        definitions=(
            Task(name="mnist", source="mnist", view="plain"),
            Task(name="optdigits", source="optdigits", view="plain"),
            Task(name="left", source="mnist", view="overlay"),
            Task(name="right", source="mnist", view="overlay", question="second"),
            Task(name="neg180", source="mnist", view="neg180"),
            Task(name="sum", source="mnist", view="overlay", question="sum"),
        ),
        subsets=(
            *_pairs(*_DIGITS),
            ("left", "right", "sum"),
            ("mnist", "optdigits", "neg180"),
            _DIGITS,
        ),
    ),
    "smoke": Family(
        name="smoke",
        summary="Three tasks on optdigits, 12 pixels wide; answers in seconds",
        size=12,
        digit=8,
        definitions=(
            Task(name="left", source="optdigits", view="overlay"),
            Task(name="right", source="optdigits", view="overlay", question="second"),
            Task(name="negated", source="optdigits", view="negated"),
        ),
        subsets=(*_pairs(*_SMOKE), _SMOKE),
    ),
}


def get_family(name: str) -> Family:
    """The family of this name."""
    if name not in FAMILIES:
        raise unknown_name("vision family", name, list(FAMILIES))
    return FAMILIES[name]
