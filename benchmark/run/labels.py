"""The labels of an algorithm, compared with what its fit was charged for."""

from collections.abc import Iterator, Mapping
from typing import Final

from ...errors import PluginResultError
from ...problems.budget import Ledger

_DATA: Final[Mapping[str, tuple[str, ...]]] = {
    "none": (
        *("units", "labelled_examples", "unlabelled_examples", "validation_evaluations"),
        "gradient_steps",
    ),
    "unlabelled": ("labelled_examples", "validation_evaluations"),
    "labelled": (),
}
_ACCESS: Final[Mapping[str, tuple[str, ...]]] = {
    "weights": ("units", "validation_evaluations", "gradient_steps"),
    "evaluations": ("gradient_steps",),
    "gradients": (),
}
_FORBIDDEN: Final = {"data": _DATA, "access": _ACCESS}
"""Currencies that a fit must not spend, by label and its value. Validation needs labels."""


def check_labels(name: str, labels: Mapping[str, str], ledger: Ledger) -> None:
    """Check that a fit used no more than its algorithm's labels state.

    Tables group algorithms by these labels, so a wrong one makes comparisons unfair.

    Raises:
        PluginResultError: If it used more.
    """
    for key, by_value in _FORBIDDEN.items():
        value = labels.get(key, "")
        forbidden = by_value.get(value, ())  # a missing label promises nothing
        spent = [c for c in forbidden if getattr(ledger, c)]
        if spent:
            found = ", ".join(f"{getattr(ledger, c):,} {c.replace('_', ' ')}" for c in spent)
            remedy = " or ".join(f"`{key}={other}`" for other in _others(key, ledger))
            raise PluginResultError(
                f"`{name}` is labelled `{key}={value}`, so its fit must not be charged for "
                f"{' or '.join(c.replace('_', ' ') for c in forbidden)}. Found {found}. "
                f"Register it with {remedy}, or do not use them."
            )


def _others(key: str, ledger: Ledger) -> Iterator[str]:
    """Yield the values of a label with which the same fit would be correctly labelled."""
    for value, forbidden in _FORBIDDEN[key].items():
        if not any(getattr(ledger, currency) for currency in forbidden):
            yield value
