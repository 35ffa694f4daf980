"""What a run costs: columns of its row in the `runs` table, read as metrics; lower is better."""

import math
from collections.abc import Mapping

from numpy.typing import ArrayLike

from ..errors import ParameterError


def peak_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Peak memory of the fit, in bytes; loading and scoring do not count.

    >>> peak_bytes([], run={"peak_bytes": 1024})
    1024.0
    """
    return _number(run, "peak_bytes")


def rss_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Peak resident memory of the run's process until the fit ended, libraries included."""
    return _number(run, "rss_bytes")


def flops(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Floating-point operations of the fit, estimated from its rehearsal."""
    return _number(run, "flops")


def energy_joules(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Energy of all processors of the machine during the fit, where the machine tells."""
    return _number(run, "energy_joules")


def trainable_parameters(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """How many numbers the fit adjusts; frozen task vectors do not count."""
    return _number(run, "trainable_parameters")


def storage_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Bytes to keep the models of all scoring preferences, in the algorithm's own form."""
    return _number(run, "storage_bytes")


def inference_passes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """What an input costs once fitted, in forward passes of one model; a merged model costs 1."""
    return _number(run, "inference_passes")


def units(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Budget spent: 1 is a forward pass of one example, 3 with its backward pass."""
    return _number(run, "units")


def wall_seconds(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Wall time of the fit alone, in seconds."""
    return _number(run, "wall_seconds")


def _number(run: Mapping[str, object], column: str) -> float | None:
    """The column as a float; None where it is missing, None or NaN, as in a failed run's row."""
    value = run.get(column)
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type] # what is no number raises, handled below
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"`run` column `{column}` must be a number. Found {value!r}."
        ) from error
    return None if math.isnan(number) else number
