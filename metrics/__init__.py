"""Metrics: the registry, and the catalogue, which describes each metric without importing it."""

from typing import TYPE_CHECKING

from ..registry import Registry

if TYPE_CHECKING:
    from .base import Metric

METRICS: "Registry[Metric]" = Registry(
    "metric",
    {
        "direction": frozenset({"minimise", "maximise"}),
        "reference": frozenset({"none", "ref_point", "front", "anchors", "baseline"}),
        "kind": frozenset({"front", "preference", "diversity", "model", "generalisation", "cost"}),
        "applies": frozenset({"all", "accuracies", "classes", "protocol-2", "measured"}),
    },
)
"""The registered metrics.

`reference` is what a run is measured against besides the preferences. `kind` is what the number
describes: a set of points, its diversity, the answers to preferences (at the end or over the
budget), the model of the balanced preference, the step to new data, or a cost. `applies` says which
runs have a score: all; those whose values are positive; those whose tasks predict classes; those
made under protocol 2; or those in which it could be measured."""

from .catalogue import costs, models, preferences, sets  # noqa: E402, F401 - they register metrics
