"""Ranges: where `fusefront tune` looks for the value of a hyper-parameter, and on which scale.

A field declares its range beside its domain: `Annotated[Fraction, LinearRange(low=0.1, high=0.9)]`.
A domain says which values are allowed; a range says which of them an author would try. Fields
without a range are not tuned.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

from .errors import ParameterError

_DIGITS = 3
"""Significant digits of a value, so that settings are short and can be typed again."""


@dataclass(frozen=True, kw_only=True)
class Range(ABC):
    """The values of one hyper-parameter that are tried."""

    @abstractmethod
    def at(self, position: float, *, like: Any) -> Any:
        """Return the value at a position in [0, 1).

        Args:
            position: The position; equal steps are equally important on the scale of the range.
            like: The field's default: an integer rounds the value to an integer.
        """

    @abstractmethod
    def __contains__(self, value: object) -> bool:
        """Return whether the value is in the range."""

    @abstractmethod
    def __str__(self) -> str:
        """Complete the phrase `tuned`: `from 0.001 to 0.1, log scale`."""


@dataclass(frozen=True, kw_only=True)
class _Interval(Range, ABC):
    """Numbers between two limits, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            ParameterError: If they are not in ascending order.
        """
        if not self.low < self.high:
            raise ParameterError(
                f"`low` of a range must be below `high`. Found {self.low:g} and {self.high:g}. "
                "Exchange them."
            )

    def at(self, position: float, *, like: Any) -> float | int:
        """Return the number at a position, with three significant digits."""
        value = float(f"{self._at(position):.{_DIGITS}g}")
        return round(value) if type(like) is int else value

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    @abstractmethod
    def _at(self, position: float) -> float:
        """Return the exact number at a position."""


@final
@dataclass(frozen=True, kw_only=True)
class LinearRange(_Interval):
    """Numbers from `low` to `high`, of which equal differences are equally important.

    >>> LinearRange(low=0.0, high=1.0).at(0.25, like=0.5)
    0.25
    >>> LinearRange(low=1, high=9).at(0.5, like=3)
    5
    """

    def _at(self, position: float) -> float:
        return self.low + position * (self.high - self.low)

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g}"


@final
@dataclass(frozen=True, kw_only=True)
class LogRange(_Interval):
    """Numbers from `low` to `high`, of which equal ratios are equally important.

    >>> LogRange(low=1e-4, high=1e-2).at(0.5, like=0.1)
    0.001
    """

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            ParameterError: If they are not positive and in ascending order.
        """
        super().__post_init__()
        if self.low <= 0:
            raise ParameterError(
                f"`low` of a range on a log scale must be above 0. Found {self.low:g}. "
                "Use a linear range."
            )

    def _at(self, position: float) -> float:
        return float(self.low * (self.high / self.low) ** position)

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g}, log scale"


@final
@dataclass(frozen=True, kw_only=True)
class Choices(Range):
    """A few values, in their natural order, each as likely as the others.

    >>> Choices(values=(8, 16, 32)).at(0.99, like=16)
    32
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Check that there is something to choose.

        Raises:
            ParameterError: If there are fewer than two values.
        """
        if len(self.values) < 2:
            raise ParameterError(
                f"`values` of a range must be at least two. Found {self.values}. "
                "Leave the range out."
            )

    def at(self, position: float, *, like: Any) -> Any:
        """Return the value at a position; values divide [0, 1) into equal parts."""
        return self.values[int(position * len(self.values))]

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"among {', '.join(map(str, self.values))}"
