"""The search space of an algorithm, and the settings that are drawn from it."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from ...algorithms import ALGORITHMS
from ...domains import domains
from ...entry import Entry
from ...errors import ParameterError
from ...ranges import Range
from ..study.algorithm_spec import AlgorithmSpec
from ..study.identity import derive_seed
from ..study.parameters import hyper_parameters

_DRAWN: Final = 1024
"""Points that are drawn at first: settings beyond are needed only if most are repeated."""


def search_space(entry: Entry[Any]) -> dict[str, Range]:
    """Return the range of every hyper-parameter of an algorithm that has one, by name."""
    known = domains(entry.load())
    found = {p.name: known[p.name].range for p in hyper_parameters(entry) if p.name in known}
    return {name: one for name, one in found.items() if one is not None}


def trials(given: AlgorithmSpec, count: int) -> tuple[AlgorithmSpec, ...]:
    """Return the settings that are tried, all different, in canonical form.

    Trial 0 has the defaults. The others are scrambled Sobol points of the unit box, mapped by the
    ranges and rounded to three digits; the seed depends on the algorithm's name alone. So the first
    settings of a longer list are those of a shorter one. Settings that the algorithm refuses,
    because two of their values exclude each other, are left out, and so are repetitions.

    Args:
        given: The algorithm. Hyper-parameters that it names keep their values in all trials.
        count: Number of trials; fewer if the space has fewer settings.

    Raises:
        ParameterError: If there is nothing to choose.
    """
    first = given.canonical(ALGORITHMS)
    fixed = {**first.redundant, **first.parameters}
    entry = first.entry(ALGORITHMS)
    space = {name: r for name, r in search_space(entry).items() if name not in fixed}
    if not space:
        raise ParameterError(
            f"`{given.as_given}` must have a hyper-parameter with a range to be tuned. Found "
            f"nothing to choose{': all are given in brackets' if search_space(entry) else ''}. "
            "`fusefront info NAME` prints the search space."
        )
    found, refusals = [first], [""]
    for values in _draws(entry, space, count):
        if len(found) == count:
            break
        try:
            setting = dataclasses.replace(given, parameters=fixed | values).canonical(ALGORITHMS)
        except ParameterError as refusal:
            refusals.append(str(refusal))
            continue
        if setting not in found:
            found.append(setting)
    if len(found) == 1 < count:
        raise ParameterError(
            f"The ranges of `{given.as_given}` must have settings that it accepts beside its "
            f"defaults. Found none. {refusals[-1]} Change the ranges."
        )
    return tuple(found)


def _draws(entry: Entry[Any], space: Mapping[str, Range], count: int) -> Iterator[dict[str, Any]]:
    """Yield values for the parameters of the space: one Sobol sequence, a prefix at a time."""
    from scipy.stats import qmc

    defaults = {p.name: p.default for p in hyper_parameters(entry)}
    seed = np.random.default_rng(derive_seed("tune", entry.name))
    size = max(_DRAWN, 1 << (4 * count - 1).bit_length())  # balanced only in powers of two
    for point in qmc.Sobol(len(space), scramble=True, rng=seed).random(size):
        yield {
            name: one.at(float(position), like=defaults[name])
            for (name, one), position in zip(space.items(), point, strict=True)
        }
