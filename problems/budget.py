"""The budget of a run: what a fit spends, in every currency, and its cap."""

from dataclasses import asdict, dataclass, field
from typing import Final, final

from ..benchmark.errors import BudgetExhausted

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


@final
@dataclass(kw_only=True)
class Budget:
    """A ledger with a cap on units; `None` is no cap."""

    units: int | None = None
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def remaining(self) -> float:
        """Units left; infinite without a cap."""
        return float("inf") if self.units is None else self.units - self.ledger.units

    def charge(self, units: int) -> None:
        """Spend units.

        Raises:
            BudgetExhausted: If that would cross the cap; nothing is spent then.
        """
        if units > self.remaining:
            raise BudgetExhausted(
                f"The budget must cover the call: {units} units asked for, "
                f"{self.remaining:.0f} of {self.units} left."
            )
        self.ledger.units += units
