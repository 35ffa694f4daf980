"""Milestones: the Pareto sets that a fit would have returned at fractions of its budget."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, final

from .budget import Budget

FRACTIONS: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Fractions of the budget at which a milestone is kept; the end of the fit is the last one."""


@final
@dataclass(frozen=True, kw_only=True)
class Milestone:
    """The Pareto set that a fit would have returned after spending these units and seconds."""

    units: int
    wall_seconds: float
    pareto_set: object


@final
@dataclass(kw_only=True)
class Milestones:
    """The milestones of one fit, shared by all its views."""

    kept: list[Milestone] = field(default_factory=list)
    _fractions_passed: int = 0
    _latest: Callable[[], object] | None = None

    def offer(self, pareto_set: Callable[[], object], budget: Budget, seconds: float) -> None:
        """Keep the Pareto set if a fraction of the budget has been passed since the last one."""
        # Only the function is kept: a Pareto set is built at most once per fraction, however many
        # steps offer one.
        self._latest = pareto_set
        spent = budget.ledger.units
        passed = 0
        if budget.units is not None:
            passed = sum(spent >= fraction * budget.units for fraction in FRACTIONS)
        if passed > self._fractions_passed:
            self._fractions_passed = passed
            made = Milestone(units=spent, wall_seconds=seconds, pareto_set=pareto_set())
            self.kept.append(made)

    def latest(self) -> object | None:
        """Return the Pareto set that was offered last, or None if there was none."""
        return None if self._latest is None else self._latest()
