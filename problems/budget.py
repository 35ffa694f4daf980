"""The budget of a fit: what it spends of each cost, its caps, and its arithmetic."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Final, Literal, final, get_args

from ..errors import BudgetExhausted

Precision = Literal["float32", "bfloat16"]
"""Arithmetic of forward and backward passes: float32, or torch's bfloat16 autocast."""
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)

TIERS: Final = {"S": 100_000, "M": 500_000, "L": 2_000_000}
"""Named caps in units."""


@final
@dataclass(kw_only=True)
class Ledger:
    """What was spent. One unit is one forward pass of one example; forward and backward are 3.

    Examples are counted once however often they are drawn, task by task: an input that two tasks
    ask about is two examples.
    """

    units: int = 0
    labelled_examples: int = 0
    unlabelled_examples: int = 0
    validation_evaluations: int = 0
    gradient_steps: int = 0
    model_builds: int = 0

    def as_dict(self) -> dict[str, int]:
        """Column names of the runs table to counts."""
        return asdict(self)


WALL_SECONDS: Final = "wall_seconds"
PEAK_BYTES: Final = "peak_bytes"
SPENT: Final = (*(f.name for f in fields(Ledger) if f.name != "units"), WALL_SECONDS)
"""Currencies besides the units that a fit spends as it goes."""
CAPPED: Final = (*SPENT, PEAK_BYTES)
"""What `caps` may name, besides the units; memory is known before the fit, from its rehearsal."""


@final
@dataclass(kw_only=True)
class Budget:
    """A ledger with a cap on units, and caps in other currencies; `None` is no cap on units.

    The cap on `wall_seconds` counts from when the budget was made. It depends on the machine, so
    that what a fit finds under it does too.
    """

    units: int | None = None
    caps: Mapping[str, float] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    begun: float = field(default_factory=time.perf_counter)

    @property
    def remaining(self) -> float:
        """Units left; infinite without a cap."""
        return float("inf") if self.units is None else self.units - self.ledger.units

    def left(self, currency: str) -> float:
        """What is left of a currency of `SPENT`; infinite without a cap."""
        cap = self.caps.get(currency, float("inf"))
        if currency == WALL_SECONDS:
            return cap - (time.perf_counter() - self.begun)
        spent: int = getattr(self.ledger, currency)
        return cap - spent

    def charge(self, units: int, **others: int) -> None:
        """Spend units and amounts of other currencies, by name.

        Raises:
            BudgetExhausted: If that would cross a cap; nothing is spent then.
        """
        if units > self.remaining:
            raise _exhausted("units", units, self.remaining, self.units)
        for currency, amount in {**others, WALL_SECONDS: 0}.items():
            left = self.left(currency)
            if amount > left:
                raise _exhausted(currency, amount, left, self.caps[currency])
        self.ledger.units += units
        for currency, amount in others.items():
            setattr(self.ledger, currency, getattr(self.ledger, currency) + amount)


def _exhausted(currency: str, asked: float, left: float, cap: float | None) -> BudgetExhausted:
    words = currency.replace("_", " ")
    return BudgetExhausted(
        f"The budget must cover the call: {asked} {words} asked for, "
        f"{max(left, 0):.0f} of {cap} left."
    )
