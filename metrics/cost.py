"""Costs of a run: columns of its row in the `runs` table as metrics; lower is better, from 0.

Each is O(1), and None for runs in which it was not measured. Bytes of optimizer states and the time
to switch to the model of another preference are not recorded: the first are contained in
`peak_bytes`, and `storage_bytes` and `inference_passes` describe the second.
"""

import math
from collections.abc import Mapping

from numpy.typing import ArrayLike

from ..errors import ParameterError


def peak_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Peak memory of the fit in bytes, without loading and scoring.

    >>> peak_bytes([], run={"peak_bytes": 1024})
    1024.0
    """
    return number(run, "peak_bytes")


def rss_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Peak resident memory of the process until the end of the fit, with libraries, in bytes."""
    return number(run, "rss_bytes")


def flops(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of floating-point operations of the fit, estimated from its rehearsal."""
    return number(run, "flops")


def energy_joules(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Energy of all processors of the machine during the fit in joules, if it can be measured."""
    return number(run, "energy_joules")


def trainable_parameters(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of parameters that the fit adjusts; frozen task vectors do not count."""
    return number(run, "trainable_parameters")


def storage_bytes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Bytes to store the models of all scoring preferences, in the form the algorithm returns."""
    return number(run, "storage_bytes")


def inference_passes(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Cost of an input after the fit, in forward passes of one model; 1 for a merged model."""
    return number(run, "inference_passes")


def units(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Units of budget spent: 1 per forward pass of one example, 3 with its backward pass."""
    return number(run, "units")


def wall_seconds(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Wall time of the fit alone, in seconds."""
    return number(run, "wall_seconds")


def labelled_examples(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of different labelled examples that the fit saw, validation included."""
    return number(run, "labelled_examples")


def unlabelled_examples(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of different examples that the fit saw without their labels."""
    return number(run, "unlabelled_examples")


def validation_evaluations(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of models that the fit evaluated on validation."""
    return number(run, "validation_evaluations")


def gradient_steps(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of gradient steps of the fit."""
    return number(run, "gradient_steps")


def model_builds(points: ArrayLike, /, *, run: Mapping[str, object]) -> float | None:
    """Number of models that the fit merged from the experts."""
    return number(run, "model_builds")


def number(run: Mapping[str, object], column: str) -> float | None:
    """Return the column as a float, or None if it is missing or NaN, as for failed runs."""
    value = run.get(column)
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type] # a value that is not a number raises, handled below
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"Column `{column}` of `run` must be a number. Found {value!r}. Pass a row of `runs`."
        ) from error
    return None if math.isnan(number) else number
