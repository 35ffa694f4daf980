"""Metrics: the catalogue, which describes each metric without importing it."""

from typing import TYPE_CHECKING

from ..registry import Entry, Registry

if TYPE_CHECKING:
    from .base import Metric

METRICS: "Registry[Metric]" = Registry(
    "metric",
    {
        "direction": frozenset({"minimise", "maximise"}),
        "reference": frozenset({"none", "ref_point", "front", "anchors"}),
        "kind": frozenset({"front", "preference", "cost"}),
    },
)


_OURS = "defined by fusefront"


def _entry(
    target: str,
    summary: str,
    source: str,
    *,
    direction: str = "minimise",
    reference: str = "none",
    kind: str,
) -> None:
    METRICS.add(
        Entry(
            name=target.partition(":")[2].replace("_", "-"),
            target=f"metrics.{target}",
            summary=summary,
            source=source,
            labels={"direction": direction, "reference": reference, "kind": kind},
        )
    )


_entry(
    "hypervolume:hypervolume",
    "Volume dominated by the points up to the reference point",
    "Zitzler and Thiele 1998, https://doi.org/10.1007/BFb0056872; "
    "computed by moocore, https://multi-objective.github.io/moocore/python/",
    direction="maximise",
    reference="ref_point",
    kind="front",
)
_entry(
    "igd:igd",
    "Mean distance from the reference front to the points; not Pareto compliant",
    "Coello Coello and Reyes Sierra 2004, https://doi.org/10.1007/978-3-540-24694-7_71; "
    "computed by moocore, https://multi-objective.github.io/moocore/python/",
    reference="front",
    kind="front",
)
_entry(
    "igd:igd_plus",
    "Mean modified distance from the reference front to the points",
    "Ishibuchi et al. 2015, https://doi.org/10.1007/978-3-319-15892-1_8; "
    "computed by moocore, https://multi-objective.github.io/moocore/python/",
    reference="front",
    kind="front",
)
_entry(
    "expected_utility:expected_utility",
    "Mean over preferences of the weighted worst objective of the model returned",
    "Zintgraf et al. 2015, 'Quality assessment of MORL algorithms: a utility-based approach', "
    "with the Chebyshev utility; https://github.com/LucasAlegre/morl-baselines",
    kind="preference",
)
_entry(
    "corner_gap:corner_gap",
    "Mean value lost against each expert when its task alone is asked for",
    _OURS,
    reference="anchors",
    kind="preference",
)
_entry(
    "normalised_accuracy:average_normalised_accuracy",
    "Mean over tasks of value / expert at the balanced preference",
    "Ilharco et al. 2023, https://arxiv.org/abs/2212.04089; "
    "https://github.com/mlfoundations/task_vectors",
    direction="maximise",
    reference="anchors",
    kind="preference",
)
_entry(
    "normalised_accuracy:worst_task_normalised_accuracy",
    "Smallest over tasks of value / expert at the balanced preference",
    _OURS,
    direction="maximise",
    reference="anchors",
    kind="preference",
)
_entry("cost:peak_bytes", "Peak memory of the fit", _OURS, kind="cost")
_entry("cost:rss_bytes", "Peak resident memory of the process", _OURS, kind="cost")
_entry("cost:flops", "Floating-point operations of the fit, estimated", _OURS, kind="cost")
_entry(
    "cost:energy_joules", "Energy of the machine's processors during the fit", _OURS, kind="cost"
)
_entry("cost:trainable_parameters", "Numbers the fit adjusts", _OURS, kind="cost")
_entry("cost:storage_bytes", "Bytes to keep the whole set of models", _OURS, kind="cost")
_entry("cost:inference_passes", "Forward passes of a model that an input costs", _OURS, kind="cost")
_entry("cost:units", "Budget spent: forward passes of one example", _OURS, kind="cost")
_entry("cost:wall_seconds", "Wall time of the fit alone", _OURS, kind="cost")
