"""Caps on what a fit spends in other currencies than units."""

from collections.abc import Mapping
from typing import Any

from ..problems.budget import CAPPED, PEAK_BYTES, WALL_SECONDS
from .errors import ParameterError
from .registry import unknown_name
from .resources import parse_bytes


def check_caps(caps: Mapping[str, Any]) -> dict[str, float]:
    """The caps in their one spelling: sorted, counts and bytes as integers, seconds as a float.

    Raises:
        UnknownNameError: If there is no such currency.
        ParameterError: If a cap is not a positive number, or a count not an integer.
    """
    checked = {}
    for key, value in sorted(caps.items()):
        if key not in CAPPED:
            raise unknown_name("A cap", key, list(CAPPED))
        if key == PEAK_BYTES and isinstance(value, str):
            value = parse_bytes(value)
        number = (int, float) if key == WALL_SECONDS else (int,)
        if type(value) not in number or not 0 < value < float("inf"):
            kind = "number" if key == WALL_SECONDS else "integer"
            raise ParameterError(
                f"`caps.{key}` must be a positive {kind}. Found {value!r}. Leave it out for no cap."
            )
        checked[key] = float(value) if key == WALL_SECONDS else value
    return checked
