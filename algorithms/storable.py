"""Names that files use for the classes of fusefront, so that classes can move between modules."""

from collections.abc import Mapping
from typing import Any, Final

_PACKAGE: Final = __name__.partition(".")[0]
_CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "algorithms.adamerging.rays": ("Interpolated",),
    "algorithms.adamerging.scalearn": ("RowScaling",),
    "algorithms.ensemble.dynamic_logits_fusion": ("DynamicallyFused", "ScaledDifference"),
    "algorithms.ensemble.logits_fusion": ("Fused", "GeometricMean"),
    "algorithms.ensemble.react": ("Aligned", "AlignedMap"),
    "algorithms.hypernetworks.cosmos": ("Conditioned",),
    "algorithms.hypernetworks.lora": ("LoraHypernetwork",),
    "algorithms.hypernetworks.low_rank": ("LowRankHypernetwork",),
    "algorithms.hypernetworks.phn": ("TaskHypernetwork",),
    "algorithms.hypernetworks.trunk": ("BlockHypernetwork",),
    "algorithms.hypernetworks.weights": ("WeightHypernetwork",),
    "algorithms.lowrank.adapters": ("TaskAdapters",),
    "algorithms.lowrank.multi_head": ("RoutedAdapters",),
    "algorithms.lowrank.pamal": ("Members",),
    "algorithms.lowrank.panacea": ("PreferenceSingularValues",),
    "algorithms.lowrank.pareto_merging": ("PreferenceTensor",),
    "algorithms.merging.fisher": ("FisherMean",),
    "algorithms.merging.isotropic": ("IsotropicCommon",),
    "algorithms.merging.magmax": ("MagMax",),
    "algorithms.merging.regmean": ("RegressionMean",),
    "algorithms.merging.slerp": ("SphericalMean",),
    "algorithms.merging.soups": ("LiftedSoup", "Soup"),
    "algorithms.merging.swept_merge": ("LiftedMerge",),
    "algorithms.merging.ties": ("Ties",),
    "algorithms.merging.tsvm": ("Tsvm",),
    "algorithms.moe.router": ("CornerExactRouters", "Routers"),
    "algorithms.moe.wemoe": ("InputRouted", "InputRouters"),
    "algorithms.pareto_set": ("ConstantSet", "FiniteSet", "MapSet", "PerTask"),
    "algorithms.scalarization.lora": ("ConstantAdapter",),
    "algorithms.scalarization.soup": ("InterpolatedWeights",),
    "algorithms.training.decoder": ("ConstantCoefficients", "ConstantWeights", "TrainedMap"),
    "problems.experts": ("Coefficients",),
}
"""Every class of fusefront that a stored Pareto set can contain, by its module.

A name must never be given to another class. A class that is renamed keeps its old name in
`RENAMED`; one that only moves needs only its new module here.
"""

STORABLE: Final[Mapping[str, str]] = {
    name: f"{_PACKAGE}.{module}:{name}" for module, names in _CLASSES.items() for name in names
}
"""Maps the name in files to `module:class`."""

NAMES: Final[Mapping[str, str]] = {path: name for name, path in STORABLE.items()}
"""Maps `module:class` to the name in files."""

RENAMED: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "TiesMap": ("Ties", {"lifted": True}),
    "MagMaxMap": ("MagMax", {"lifted": True}),
    "TsvmMap": ("Tsvm", {"lifted": True}),
    "IsotropicCommonMap": ("IsotropicCommon", {"lifted": True}),
    "PerTaskSet": ("ConstantSet", {}),
}
"""Maps an earlier name to the current one, and to the field values that the old class fixed."""

RENAMED_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {"ConstantSet": {"answer": "constant"}}
"""Earlier names of fields, by the current name of their class."""
