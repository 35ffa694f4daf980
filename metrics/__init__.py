"""Metrics: the catalogue, which describes each metric without importing it."""

from typing import TYPE_CHECKING

from ..registry import Registry

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


METRICS.register_lazily(
    "hypervolume",
    "metrics.hypervolume:hypervolume",
    summary="Volume that the points dominate, up to the reference point",
    source=(
        "Zitzler and Thiele 1998, https://doi.org/10.1007/BFb0056872; "
        "computed by moocore, https://multi-objective.github.io/moocore/python/"
    ),
    direction="maximise",
    reference="ref_point",
    kind="front",
)
METRICS.register_lazily(
    "igd",
    "metrics.igd:igd",
    summary="Mean distance from the reference front to the points; not Pareto compliant",
    source=(
        "Coello Coello and Reyes Sierra 2004, https://doi.org/10.1007/978-3-540-24694-7_71; "
        "computed by moocore, https://multi-objective.github.io/moocore/python/"
    ),
    direction="minimise",
    reference="front",
    kind="front",
)
METRICS.register_lazily(
    "igd-plus",
    "metrics.igd:igd_plus",
    summary="Mean modified distance from the reference front to the points",
    source=(
        "Ishibuchi et al. 2015, https://doi.org/10.1007/978-3-319-15892-1_8; "
        "computed by moocore, https://multi-objective.github.io/moocore/python/"
    ),
    direction="minimise",
    reference="front",
    kind="front",
)
METRICS.register_lazily(
    "expected-utility",
    "metrics.expected_utility:expected_utility",
    summary="Mean over preferences of the largest weighted objective of the returned model",
    source=(
        "Zintgraf et al. 2015, 'Quality assessment of MORL algorithms: a utility-based approach', "
        "with the Chebyshev utility; https://github.com/LucasAlegre/morl-baselines"
    ),
    direction="minimise",
    reference="none",
    kind="preference",
)
METRICS.register_lazily(
    "gain-over-pretrained",
    "metrics.gain_over_pretrained:gain_over_pretrained",
    summary="Expected utility of the pretrained model minus that of the points",
    source=_OURS,
    direction="maximise",
    reference="none",
    kind="preference",
)
METRICS.register_lazily(
    "corner-gap",
    "metrics.corner_gap:corner_gap",
    summary="Mean value lost against each expert when the whole preference is on its task",
    source=_OURS,
    direction="minimise",
    reference="anchors",
    kind="preference",
)
METRICS.register_lazily(
    "average-normalised-accuracy",
    "metrics.normalised_accuracy:average_normalised_accuracy",
    summary="Mean over tasks of value / expert value at the balanced preference",
    source=(
        "Ilharco et al. 2023, https://arxiv.org/abs/2212.04089; "
        "https://github.com/mlfoundations/task_vectors"
    ),
    direction="maximise",
    reference="anchors",
    kind="preference",
)
METRICS.register_lazily(
    "worst-task-normalised-accuracy",
    "metrics.normalised_accuracy:worst_task_normalised_accuracy",
    summary="Minimum over tasks of value / expert value at the balanced preference",
    source=_OURS,
    direction="maximise",
    reference="anchors",
    kind="preference",
)
METRICS.register_lazily(
    "peak-bytes",
    "metrics.cost:peak_bytes",
    summary="Peak memory of the fit",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "rss-bytes",
    "metrics.cost:rss_bytes",
    summary="Peak resident memory of the process",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "flops",
    "metrics.cost:flops",
    summary="Estimated floating-point operations of the fit",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "energy-joules",
    "metrics.cost:energy_joules",
    summary="Energy of the machine's processors during the fit",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "trainable-parameters",
    "metrics.cost:trainable_parameters",
    summary="Number of parameters that the fit adjusts",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "storage-bytes",
    "metrics.cost:storage_bytes",
    summary="Bytes needed to store the whole set of models",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "inference-passes",
    "metrics.cost:inference_passes",
    summary="Cost of one input, in forward passes of one model",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "units",
    "metrics.cost:units",
    summary="Budget spent, in forward passes of one example",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
METRICS.register_lazily(
    "wall-seconds",
    "metrics.cost:wall_seconds",
    summary="Wall time of the fit alone",
    source=_OURS,
    direction="minimise",
    reference="none",
    kind="cost",
)
