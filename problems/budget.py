"""The budget of a fit: the costs spent, the caps on them, and the arithmetic."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Final, Literal, final, get_args

from ..errors import BudgetExhausted, ParameterError, PluginResultError

Precision = Literal["float32", "bfloat16"]
"""Arithmetic of forward and backward passes: float32, or torch's bfloat16 autocast."""
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)

TIERS: Final = {"S": 100_000, "M": 500_000, "L": 2_000_000}
"""Named caps in units."""


@final
@dataclass(kw_only=True)
class Ledger:
    """The amounts spent. One unit is one forward pass of one example; forward and backward are 3.

    An example is counted once, however often it is drawn, and once per task: an input that two
    tasks share is two examples.
    """

    units: int = 0
    labelled_examples: int = 0
    unlabelled_examples: int = 0
    validation_evaluations: int = 0
    gradient_steps: int = 0
    model_builds: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by the names of their columns in the runs table."""
        return asdict(self)


WALL_SECONDS: Final = "wall_seconds"
PEAK_BYTES: Final = "peak_bytes"
SPENT: Final = (*(f.name for f in fields(Ledger) if f.name != "units"), WALL_SECONDS)
"""Currencies other than units that a fit spends while it runs."""
CAPPED: Final = (*SPENT, PEAK_BYTES)
"""Keys of `caps`. Memory is not spent during the fit: its rehearsal measures it beforehand."""


@final
@dataclass(kw_only=True)
class Budget:
    """A ledger with a cap on units (None for no cap) and caps on other currencies.

    The cap on `wall_seconds` counts from the creation of the budget. Results under such a cap
    depend on the speed of the machine.
    """

    units: int | None = None
    caps: Mapping[str, float] = field(default_factory=dict)
    start: float = field(default_factory=time.perf_counter)
    _ledger: Ledger = field(default_factory=Ledger)
    _closed: bool = False

    @property
    def ledger(self) -> Ledger:
        """A copy of the amounts spent so far: only `charge` changes them."""
        return replace(self._ledger)

    @property
    def remaining(self) -> float:
        """Units left; infinite without a cap."""
        return float("inf") if self.units is None else self.units - self._ledger.units

    def left(self, currency: str) -> float:
        """The remaining amount of a currency of `SPENT`; infinite without a cap."""
        cap = self.caps.get(currency, float("inf"))
        if currency == WALL_SECONDS:
            return cap - (time.perf_counter() - self.start)
        spent: int = getattr(self._ledger, currency)
        return cap - spent

    def charge(self, units: int, **others: int) -> None:
        """Spend units and amounts of other currencies, by name.

        Raises:
            BudgetExhausted: If that would exceed a cap. Nothing is then spent.
            ParameterError: If an amount is negative.
            PluginResultError: If the budget is closed.
        """
        if self._closed:
            raise PluginResultError(
                "The view must not be used after the fit. Found a call while the Pareto set was "
                "asked for a point. Do all computation on data in `fit`."
            )
        for currency, amount in {"units": units, **others}.items():
            if amount < 0:
                raise ParameterError(
                    f"A charge must be at least 0. Found {amount} {currency.replace('_', ' ')}."
                )
        if units > self.remaining:
            raise _exhausted("units", units, self.remaining, self.units)
        # Time passes by itself: the amount 0 only checks whether it is over.
        for currency, amount in {**others, WALL_SECONDS: 0}.items():
            left = self.left(currency)
            if amount > left:
                raise _exhausted(currency, amount, left, self.caps[currency])
        self._ledger.units += units
        for currency, amount in others.items():
            setattr(self._ledger, currency, getattr(self._ledger, currency) + amount)

    def close(self) -> None:
        """Refuse all further charges: the fit has ended, and its Pareto set is scored without."""
        self._closed = True


def _exhausted(currency: str, asked: float, left: float, cap: float | None) -> BudgetExhausted:
    words = currency.replace("_", " ")
    return BudgetExhausted(
        f"The budget must cover the call, which needs {asked} {words}. "
        f"Found {max(left, 0):.0f} of {cap} left. End the fit, or raise the cap."
    )
