"""The registry of algorithms; nothing heavy is imported before an entry is loaded."""

from typing import TYPE_CHECKING, Final

from ..registry import Entry, Registry
from .adamerging import catalogue as adamerging
from .ensemble import catalogue as ensemble
from .gradient import catalogue as gradient
from .hypernetworks import catalogue as hypernetworks
from .lowrank import catalogue as lowrank
from .map import catalogue as map_family
from .merging import catalogue as merging
from .moe import catalogue as moe
from .scalarization import catalogue as scalarization
from .search import catalogue as search

if TYPE_CHECKING:
    from .base import Algorithm

ALGORITHMS: Final[Registry["type[Algorithm]"]] = Registry(
    "algorithm",
    {
        "output": frozenset({"constant", "finite", "map"}),
        "data": frozenset({"none", "unlabelled", "labelled"}),
        "access": frozenset({"weights", "evaluations", "gradients"}),
        "space": frozenset({"task", "block", "module", "tensor", "low-rank", "weights"}),
        "track": frozenset({"inductive", "transductive"}),
    },
)
"""Algorithms by name. `output`: what a fit returns. `data`: what it needs. `access`: how it looks
at the model. `space`: where it searches. `track`: transductive ones adapt to the test inputs."""

_LABELS: Final = ("output", "data", "access", "space", "track")
_CATALOGUES: Final = (
    *(merging, search, map_family, adamerging, gradient),
    *(scalarization, moe, hypernetworks, lowrank, ensemble),
)
for _catalogue in _CATALOGUES:
    for _name, _target, _summary, _source, _values in _catalogue.ENTRIES:
        ALGORITHMS.add(
            Entry(
                name=_name,
                target=f"algorithms.{_target}",
                summary=_summary,
                source=_source,
                labels=dict(zip(_LABELS, _values.split(), strict=True)),
            )
        )

BUILT_IN: Final = tuple(name for catalogue in _CATALOGUES for name, *_ in catalogue.ENTRIES)
"""Names of the algorithms of this package; plug-ins are not asked."""
