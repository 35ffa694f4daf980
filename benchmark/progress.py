"""What a study tells while it is carried out."""

from dataclasses import dataclass
from typing import final

from .study import RunSpec


@final
@dataclass(frozen=True, kw_only=True)
class Progress:
    """What just happened to a run: `running`, or its end: done, cached, skipped or failed.

    `lost` is a run whose worker the machine lost, and that is tried again.
    """

    spec: RunSpec
    status: str
    reason: str = ""
