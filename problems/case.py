"""Names and labels of problems that are subsets of a family's tasks; imports no torch."""

from collections.abc import Sequence
from typing import Literal


def case_name(family: str, tasks: Sequence[str], subset: Sequence[str]) -> str:
    """Return `family-task-task`, or `family-all`.

    >>> case_name("digits", ("left", "right", "sum"), ("left", "sum"))
    'digits-left-sum'
    """
    return f"{family}-{'all' if tuple(subset) == tuple(tasks) else '-'.join(subset)}"


def half(tasks: Sequence[str], subset: Sequence[str]) -> Literal["dev", "test"] | None:
    """Return the half that contains all tasks of a subset, or None if it has tasks of both.

    A family's tasks alternate: the first, third, ... are in `dev`, the others in `test`.

    >>> [half("abcd", subset) for subset in ("ac", "bd", "ab")]
    ['dev', 'test', None]
    """
    halves = {tasks.index(task) % 2 for task in subset}
    if len(halves) > 1:
        return None
    return "test" if halves.pop() else "dev"


def case_labels(tasks: Sequence[str], subset: Sequence[str], **labels: str) -> dict[str, str]:
    """Return the labels of a case: the number of tasks, the given ones, and the half if any."""
    found = {"tasks": str(len(subset)), **labels}
    in_half = half(tasks, subset)
    return found if in_half is None else found | {"subset": in_half}
