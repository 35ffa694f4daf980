"""Registering a metric in one call per line of the catalogue."""

from typing import Final

from .. import METRICS

OURS: Final = "defined by fusefront"
MOOCORE: Final = "computed by moocore, https://multi-objective.github.io/moocore/python/"
ZINTGRAF: Final = (
    "Zintgraf et al. 2015, 'Quality assessment of MORL algorithms: a utility-based approach'"
)


def register(
    name: str,
    module: str,
    summary: str,
    source: str,
    *,
    direction: str,
    kind: str,
    reference: str = "none",
    applies: str = "all",
) -> None:
    """Register the function of `metrics/<module>.py` that has the name of the metric."""
    METRICS.register_lazily(
        name,
        f"metrics.{module}:{name.replace('-', '_')}",
        summary=summary,
        source=source,
        direction=direction,
        reference=reference,
        kind=kind,
        applies=applies,
    )
