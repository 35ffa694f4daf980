"""Options that all kinds of figures share."""

from dataclasses import dataclass
from typing import Final, final

from ...errors import ParameterError

WIDTHS: Final = {"column": 3.3, "full": 6.9}
"""Inches: a column and both columns of a page in two columns."""
AXES: Final = {"units": "Units", "seconds": "Seconds"}
"""What the horizontal axis of a figure over the budget counts."""


@final
@dataclass(frozen=True, kw_only=True)
class Options:
    """How to draw a figure; each kind uses the options that apply to it.

    Attributes:
        metric: The metric whose values are shown.
        highlight: Names or display names of algorithms in colour; None for the default of
            `highlight.py`. All others are grey.
        width: One of `WIDTHS`.
        axis: One of `AXES`, for figures over the budget.
        cost: The metric of cost on the horizontal axis of `cost-quality`.
        systems: Names of algorithms that answer a preference with several models, for runs that do
            not record it.
    """

    metric: str = "expected-utility"
    highlight: tuple[str, ...] | None = None
    width: str = "full"
    axis: str = "units"
    cost: str = "units"
    systems: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, known in (("width", WIDTHS), ("axis", AXES)):
            value = getattr(self, name)
            if value not in known:
                raise ParameterError(
                    f"`{name}` must be one of {', '.join(known)}. Found `{value}`."
                )

    @property
    def inches(self) -> float:
        """Width of the figure in inches."""
        return WIDTHS[self.width]
