"""The registry of problems; nothing heavy is imported before an entry is loaded."""

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
"""Problems by name; an entry's target makes the problem. `tasks`: how many. `family`: whose
experts. `conflict`: what sets the tasks against each other. `front`: the shape of the true front,
where it is known. `needs`: what must be there beyond this package. `subset`: tune on `dev`, claim
on `test`; no task is in both."""


def entries() -> Iterator[Entry["Callable[[], Problem]"]]:
    """The problems that come with fusefront, family by family."""
    catalogues = (analytic_entries, vision_entries, language_entries, hub_entries)
    for catalogue in catalogues:
        yield from catalogue()


for _entry in entries():
    PROBLEMS.add(_entry)
