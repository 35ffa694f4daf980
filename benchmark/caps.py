"""Caps on what a fit spends in other currencies than units."""

from collections.abc import Mapping
from typing import Any

from ..problems.budget import CAPPED, WALL_SECONDS
from .errors import ParameterError
from .registry import unknown_name


def check_caps(caps: Mapping[str, Any]) -> dict[str, float]:
    """The caps in their one spelling: sorted, counts as integers, seconds as a float.

    Raises:
        UnknownNameError: If there is no such currency.
        ParameterError: If a cap is not a positive number, or a count not an integer.
    """
    for key, value in caps.items():
        if key not in CAPPED:
            raise unknown_name("A cap", key, list(CAPPED))
        number = (int, float) if key == WALL_SECONDS else (int,)
        if type(value) not in number or not 0 < value < float("inf"):
            kind = "number" if key == WALL_SECONDS else "integer"
            raise ParameterError(
                f"`caps.{key}` must be a positive {kind}. Found {value!r}. Leave it out for no cap."
            )
    return {
        key: float(value) if key == WALL_SECONDS else value for key, value in sorted(caps.items())
    }
