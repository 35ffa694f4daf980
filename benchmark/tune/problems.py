"""What the procedure fixes for all algorithms, above all the problems to tune on."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from ...entry import Origin
from ..study.suites import SUITES

COMPARING: Final = (
    *("default", "comparison", "smoke", "demo", "test"),
    *("core", "budgets-100k", "budgets-500k", "breadth"),
)
"""Suites whose results are compared. The other suites list all problems of a family, or `dev`."""

TUNING: Final = (
    "smoke-left-negated",
    "garments-garment-left-garment-right",
    "garments-mnist-over-digit",
    "garments-over-digit-over-garment",
    "tiny-gpt2-news-sentiment",
    "tiny-gpt2-sentiment-medium",
)
"""Problems that `fusefront tune` uses by default: of `dev`, in no comparing suite, three families,
conflicts of four kinds, and experts that ship with fusefront."""

TRIALS: Final = 8
"""Trials of every algorithm that has something to choose: the defaults and seven others."""

BUDGET: Final = 20_000
"""Cap on the units of a fit, as in the suite `comparison`."""


@cache
def compared() -> frozenset[str]:
    """Return the names of all problems of the comparing suites."""
    return frozenset(name for suite in COMPARING for name in SUITES[suite].load().problems)


def used_and_compared(problems: Iterable[str]) -> tuple[str, ...]:
    """Return the problems that are also compared, in the given order."""
    known = compared()
    return tuple(name for name in problems if name in known)


def describe_origin(origin: Origin) -> str:
    """Return the origin of defaults, with `(compared)` if a compared problem was used.

    >>> from fusefront.entry import tuned
    >>> describe_origin(tuned("digits-left-right", "my-problem", trials=3))
    'tuned on digits-left-right (compared) and my-problem, 3 trials'
    """
    text = str(origin)
    for name in used_and_compared(origin.problems):
        text = text.replace(name, f"{name} (compared)")
    return text
