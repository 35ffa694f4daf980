"""Class names of a task in the order of its head, and the classes of examples as indices."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import StudyError
from .problem_file import CustomTask
from .rows import Origin

_WHOLE: Final = re.compile(r"\s*([+-]?\d+)(?:\.0*)?\s*")


def stated_names(config: Mapping[str, Any]) -> list[str]:
    """Return the class names of a configuration in order; empty if it has none."""
    names = config.get("id2label") or {}
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except (ValueError, TypeError, AttributeError):
        return []


def class_names(
    task: CustomTask,
    config: Mapping[str, Any],
    found: Sequence[str],
    *,
    rows: int | None = None,
    declared: Sequence[str] = (),
) -> list[str]:
    """Return the class names of a task in the order of its head.

    They are the key `labels` of the problem file, else the expert's `id2label`, else what the data
    set declares, else one number per row of the head, or the classes of the examples if the head is
    fitted. If file and expert name the same classes, their orders must agree.

    Args:
        task: The task with its data.
        config: The expert's configuration; empty if the head is fitted or read from a file.
        found: The classes of all examples.
        rows: Number of rows of the head; None if it is fitted.
        declared: Class names that the source of the examples declares.

    Raises:
        StudyError: If file, expert and head contradict each other.
    """
    stated = stated_names(config)
    if task.data.labels:
        own = list(task.data.labels)
        if stated and set(own) == set(stated) and own != stated:
            raise _wrong(task, f"in the order of the expert's head, {stated}", own)
        expected = len(stated) if stated else rows
        if expected is not None and len(own) != expected:
            raise _wrong(task, f"{expected} names, as the head has", own)
        return own
    if stated:
        return stated
    if declared and rows in (None, len(declared)):
        return list(declared)
    if rows is not None:  # the order of names is unknown: only numbers can be meant
        return [str(i) for i in range(rows)]
    indices = [_whole(name) for name in dict.fromkeys(found)]
    if all(index is not None for index in indices):
        return [str(i) for i in range(max(i for i in indices if i is not None) + 1)]
    return sorted(set(found))


def encode_classes(
    given: Sequence[str],
    names: Sequence[str],
    task: CustomTask,
    declared: Sequence[str] = (),
    *,
    origin: Origin,
    rows: Sequence[int],
) -> NDArray[np.int64]:
    """Return class indices `(n,)` in 0..C-1.

    A class is its name. If no name is a whole number, a whole number is an index. If some are, as
    in star ratings, whole numbers are names: only the declared names decide, never the examples.

    Args:
        given: The class of each example, as a text.
        names: Names of the C classes, in the order of the head.
        task: Named in errors.
        declared: Names that the source declares for its numbers. They count if they are the names
            of the head, in any order.
        origin: The source, named in errors.
        rows: The row of each example in its source, from 0.

    Raises:
        StudyError: If a class is unknown.
    """
    lookup = _lookup(names, declared if set(declared) == set(names) else ())
    known = {name: lookup(name) for name in dict.fromkeys(given)}
    for row, name in sorted(zip(rows, given, strict=True)):
        if known[name] is None:
            raise _unknown(name, row, names, task, origin)
    return np.array([known[name] for name in given], np.int64)


def _unknown(
    name: str, row: int, names: Sequence[str], task: CustomTask, origin: Origin
) -> StudyError:
    what, place = f"Column `{origin.column}`", f" in row {row + 1}"
    if not origin.column:
        what, place = "Folders", " as the name of a folder"
    return StudyError(
        f"{what} of `{origin.source}` must contain only classes of task `{task.name}`: "
        f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}. "
        f"Found `{name}`{place}. Name the classes in `labels`, in the order of the head, or leave "
        "the examples out."
    )


def _lookup(names: Sequence[str], declared: Sequence[str]) -> Callable[[str], int | None]:
    """Return a function from the text of a class to its index, or to None."""
    index = {name: i for i, name in enumerate(names)}
    numerals = {number: i for name, i in index.items() if (number := _whole(name)) is not None}
    if declared:
        numerals = {i: index[name] for i, name in enumerate(declared)}
    elif not numerals:
        numerals = {i: i for i in range(len(names))}

    def find(name: str) -> int | None:
        number = _whole(name)
        if declared and number is not None:  # the source stores numbers, which have these names
            return numerals.get(number)
        found = index.get(name)
        return found if found is not None or number is None else numerals.get(number)

    return find


def _whole(name: str) -> int | None:
    match = _WHOLE.fullmatch(name)
    return int(match[1]) if match else None


def _wrong(task: CustomTask, expected: str, found: object) -> StudyError:
    return StudyError(
        f"`labels` of task `{task.name}` must be {expected}. Found {found}. Correct it."
    )
