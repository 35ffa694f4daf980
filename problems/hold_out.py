"""Keep the test split and the scoring preferences away from the code that fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import PluginResultError

_HELD_OUT: Final = [False]


@contextmanager
def held_out() -> Iterator[None]:
    """Refuse to open the test split, and to give out the scoring preferences, inside the block."""
    with _set(True):
        yield


@contextmanager
def not_held_out() -> Iterator[None]:
    """Allow access inside a `held_out` block, for the test inputs of the transductive track."""
    with _set(False):
        yield


@contextmanager
def _set(value: bool) -> Iterator[None]:
    before, _HELD_OUT[0] = _HELD_OUT[0], value
    try:
        yield
    finally:
        _HELD_OUT[0] = before


def check_not_held_out(what: str) -> None:
    """Refuse access to what only the scorer may see.

    Raises:
        PluginResultError: If a fit is under way in this process, or its Pareto set is evaluated.
    """
    if _HELD_OUT[0]:
        raise PluginResultError(
            f"A fit must not use {what}: the results would not be comparable. Found an attempt in "
            "`fit` or in the Pareto set that it returned. Use `view.batches` and `view.evaluate`, "
            "which read calibration and validation data."
        )
