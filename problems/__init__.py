"""The registry of problems; loading an entry imports its modules, listing does not."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ..registry import Entry, Registry
from .analytic.catalogue import entries as analytic_entries
from .hub.catalogue import entries as hub_entries
from .language.catalogue import entries as language_entries
from .vision.catalogue import entries as vision_entries

if TYPE_CHECKING:
    from .base import Problem

PROBLEMS: Final[Registry["Callable[[], Problem]"]] = Registry(
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
"""Problems by name; the target of an entry creates the problem.

Labels: `tasks`, their number; `family`, the origin of the experts; `conflict`, why the tasks
disagree; `front`, the shape of the true front if it is known; `needs`, what is required besides
this package; `subset`, the half that a problem belongs to: tune on `dev`, draw conclusions on
`test`. The two halves share no tasks."""


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """Yield the problems that ship with fusefront, family by family."""
    catalogues = (analytic_entries, vision_entries, language_entries, hub_entries)
    for catalogue in catalogues:
        yield from catalogue()


for _entry in entries():
    PROBLEMS.add(_entry)
