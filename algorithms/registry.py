"""The registry of algorithms and its labels."""

from typing import TYPE_CHECKING, Final

from ..registry import Registry

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
        "delivery": frozenset({"model", "system"}),
    },
)
"""Algorithms by name, with six labels.

- `output`: the kind of Pareto set that a fit returns.
- `data`: the data that a fit needs.
- `access`: how a fit uses models: their weights alone, evaluations of them, or gradients.
- `space`: the granularity of what is searched or trained.
- `track`: transductive algorithms adapt to the test inputs, without labels; inductive ones do not.
- `delivery`: what serves a preference: one model, or a system of several models, one per task, or
  of layers that depend on the input. Tables do not rank the two together.
"""

EARLY_PAIRS: Final = ("digits-left-right", "digits-mnist-neg180")
"""Problems on whose validation data many defaults were chosen before tuning and comparing were
separated; the first is compared (`docs/tuning.md`)."""
