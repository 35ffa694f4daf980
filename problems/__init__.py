"""The registry of problems, and the names and labels of those that belong to a family."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from ..registry import Registry

if TYPE_CHECKING:
    from .base import Problem

PROBLEMS: Final[Registry["Callable[..., Problem]"]] = Registry(
    "problem",
    {
        "tasks": frozenset(),
        "family": frozenset(),
        "modality": frozenset({"vision", "language", "analytic"}),
        "conflict": frozenset(
            {"same-inputs", "other-domain", "other-mapping", "other-labels", "mixed"}
        ),
        "front": frozenset(
            {"convex", "linear", "concave", "disconnected", "degenerate", "adversarial"}
        ),
        "needs": frozenset({"nothing", "packages", "hub"}),
        "subset": frozenset({"dev", "test"}),
    },
)
"""Problems by name; calling the loaded entry makes the problem.

Labels: `tasks`, their number; `family`, the origin of the experts; `conflict`, why the tasks
disagree; `front`, the shape of the true front if it is known; `needs`, what is required besides
this package; `subset`, the half that a problem belongs to: tune on `dev`, draw conclusions on
`test`. The two halves share no tasks."""


class ProblemLabels(TypedDict, total=False):
    """Labels of a problem, for `PROBLEMS.register_lazily`."""

    tasks: str
    family: str
    modality: str
    conflict: str
    needs: str
    subset: str


# The order is that of suites which contain several families.
PROBLEMS.add_catalogue("problems.analytic.catalogue", "analytic")
PROBLEMS.add_catalogue("problems.vision.catalogue", "digits", "smoke", "garments", "dino")
PROBLEMS.add_catalogue("problems.language.catalogue", "tiny-gpt2", "minilm")
PROBLEMS.add_catalogue(
    "problems.hub.catalogue", "clip-vit-b32", "clip-vit-b16", "clip-vit-l14", "gpt2"
)


def case_name(family: str, tasks: Sequence[str], subset: Sequence[str]) -> str:
    """Return `family-task-task`, or `family-all`.

    >>> case_name("digits", ("left", "right", "sum"), ("left", "sum"))
    'digits-left-sum'
    """
    return f"{family}-{'all' if tuple(subset) == tuple(tasks) else '-'.join(subset)}"


def listed(names: Sequence[str]) -> str:
    """Return names as a phrase.

    >>> listed(["left", "right", "sum"])
    'left, right and sum'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


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


def case_labels(
    tasks: Sequence[str],
    subset: Sequence[str],
    *,
    family: str,
    modality: str,
    conflict: str,
    needs: str,
) -> ProblemLabels:
    """Return the labels of a case: the number of tasks, the given ones, and the half if any."""
    labels: ProblemLabels = {
        "tasks": str(len(subset)),
        "family": family,
        "modality": modality,
        "conflict": conflict,
        "needs": needs,
    }
    in_half = half(tasks, subset)
    if in_half is not None:
        labels["subset"] = in_half
    return labels
