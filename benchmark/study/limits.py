"""Limits of a run: caps on what its fit spends, and resources it may take of the machine."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, final

from ...errors import ParameterError
from ...problems.budget import CAPPED, PEAK_BYTES, WALL_SECONDS
from ...registry import unknown_name

_UNITS: Final = {
    "B": 1,
    **{f"{letter}B": 1000**i for i, letter in enumerate("kMGT", 1)},
    **{f"{letter}iB": 1024**i for i, letter in enumerate("KMGT", 1)},
}
_SIZE: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]+)")


@final
@dataclass(frozen=True, kw_only=True)
class Resources:
    """Limits of one run. They are not part of its identity.

    Args:
        timeout_seconds: Wall time of the whole run, after which it is killed; None means no limit.
        memory_bytes: Memory of the worker process; None means no limit.
        gpus: Number of GPUs reserved for the run, which sees no others.
        retries: How often a run is restarted after its worker was killed or ran out of memory. A
            fit that raises an exception is not restarted.
    """

    timeout_seconds: float | None = None
    memory_bytes: int | None = None
    gpus: int = 0
    retries: int = 2


@final
@dataclass(frozen=True, kw_only=True)
class ResourceRules:
    """Resource limits of all runs, with overrides for some algorithms and problems.

    For each setting, overrides that name the run's algorithm or problem with its parameters take
    precedence over those that name it without parameters, and these over the defaults. Among
    overrides of the same kind, the last one wins.

    Args:
        defaults: Values of fields of `Resources`.
        overrides: The same for an algorithm or problem, by name, with or without brackets.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def resolve(self, general: Collection[str], exact: Collection[str]) -> Resources:
        """Return the resource limits of a run.

        Args:
            general: Names of its algorithm and problem without parameters.
            exact: The same names with parameters.
        """
        settings = dict(self.defaults)
        for names in (general, set(exact) - set(general)):
            for name, values in self.overrides.items():
                if name in names:
                    settings |= values
        return Resources(**settings)

    def checked(self, known: Collection[str]) -> "ResourceRules":
        """Return the rules with every value converted for `Resources`.

        Raises:
            UnknownNameError: If a setting is unknown, or the name of an override is not in `known`.
            ParameterError: If a value is out of range.
        """
        for name in self.overrides:
            if name not in known:
                raise unknown_name("An algorithm or problem in `resources`", name, sorted(known))
        return ResourceRules(
            defaults=_checked(self.defaults, "resources"),
            overrides={
                name: _checked(values, f'resources."{name}"')
                for name, values in self.overrides.items()
            },
        )

    def renamed(self, rename: Callable[[str], str]) -> "ResourceRules":
        """Return the rules with renamed overrides. If two get the same name, the last one wins."""
        overrides: dict[str, Mapping[str, Any]] = {}
        for name, values in self.overrides.items():
            overrides[rename(name)] = values
        return ResourceRules(defaults=self.defaults, overrides=overrides)

    def only(self, known: Collection[str]) -> "ResourceRules":
        """Return the same rules without overrides whose name is not in `known`."""
        kept = {name: values for name, values in self.overrides.items() if name in known}
        return ResourceRules(defaults=self.defaults, overrides=kept)

    def updated(self, new: "ResourceRules") -> "ResourceRules":
        """Return these rules updated by `new`, which takes precedence."""
        kept = {name: v for name, v in self.overrides.items() if name not in new.overrides}
        return ResourceRules(
            defaults={**self.defaults, **new.defaults}, overrides=kept | dict(new.overrides)
        )


SETTINGS: Final = tuple(f.name for f in fields(Resources))


def parse_bytes(value: object) -> int:
    """Read a number of bytes: an integer, or text with a unit, such as `2 GiB` or `500 MB`.

    Raises:
        ParameterError: If it is neither.

    >>> parse_bytes("1.5 KiB")
    1536
    """
    if type(value) is int and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None and match["unit"] in _UNITS:
        return int(float(match["number"]) * _UNITS[match["unit"]])
    raise ParameterError(
        "A size must be an integer number of bytes >= 0, or text with a unit, such as `2 GiB` "
        f"({', '.join(_UNITS)}). "
        f"Found {value!r}."
    )


def _checked(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the settings with values for `Resources`; 0 and None both mean no limit."""
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in SETTINGS:
            raise unknown_name(f"A key of `{where}`", key, list(SETTINGS))
        if key == "memory_bytes":
            checked[key] = None if value is None else parse_bytes(value) or None
        elif key == "timeout_seconds":
            checked[key] = None if value is None else _seconds(value, where) or None
        elif type(value) is not int or value < 0:
            raise ParameterError(f"`{where}.{key}` must be an integer >= 0. Found {value}.")
        else:
            checked[key] = value
    return checked


def _seconds(value: object, where: str) -> float:
    if type(value) in (int, float) and 0 <= value < float("inf"):  # type: ignore[operator] # just checked
        return float(value)  # type: ignore[arg-type] # just checked
    raise ParameterError(
        f"`{where}.timeout_seconds` must be a number of seconds >= 0 (0 means no limit). "
        f"Found {value!r}."
    )


def check_caps(caps: Mapping[str, Any]) -> dict[str, float]:
    """Return the caps in canonical form: sorted, counts and bytes as integers, seconds as floats.

    Raises:
        UnknownNameError: If a key is not a cost that can be capped.
        ParameterError: If a cap is not a positive number, or a count is not an integer.
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
