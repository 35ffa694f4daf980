"""Algorithms of a study: a registered name or a plug-in's class, with parameters."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...entry import Entry
from ...errors import PluginError
from ...registry import Registry
from .identity import algorithm_version
from .parameters import (
    check_parameters,
    instantiate,
    parse_parameters,
    split_spec,
    write_all,
    write_value,
)


@final
@dataclass(frozen=True, kw_only=True)
class AlgorithmSpec:
    """An algorithm with the hyper-parameters that differ from its defaults.

    Two specifications that differ only in `label` and `redundant` are equal.

    Attributes:
        name: The registered name.
        parameters: The hyper-parameters that differ from their defaults.
        file: The Python file that registers the algorithm; None if it is installed.
        attribute: Name of the class in that file.
        label: The display name in tables, instead of the full name.
        redundant: Parameters that were given with the value of their default. A study file keeps
            them, because the defaults may change one day.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None
    attribute: str | None = None
    label: str | None = field(default=None, compare=False)
    redundant: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def display_name(self) -> str:
        """The name in tables and figures: the label if there is one, else the full name."""
        return self.label or self.full_name

    @property
    def full_name(self) -> str:
        """The name, with the parameters that differ from their defaults in brackets."""
        return _in_brackets(self.name, self.parameters)

    @property
    def as_given(self) -> str:
        """The name, with all parameters given in brackets, as `parse` reads it."""
        target = self.name if self.file is None else f"{self.file}:{self.attribute}"
        return _in_brackets(target, {**self.redundant, **self.parameters})

    @classmethod
    def parse(cls, text: str, registry: Registry[Any]) -> "AlgorithmSpec":
        """Read `name`, `name[key=value,...]`, or `./file.py:Class[...]`.

        Values are read as TOML (`0.3`, `true`, `[1, 2]`, `"x"`), else as text.

        Raises:
            UnknownNameError: If no algorithm has this name.
            PluginError: If the file does not register the class.
            ParameterError: If the brackets cannot be read.
        """
        target, inside = split_spec(text, "An algorithm")
        file: Path | None
        attribute: str | None
        path, separator, attribute = target.rpartition(":")
        if target.endswith(".py"):
            registry.load_file(Path(target), "")  # raises, with the classes that it registers
        if separator and path.endswith(".py"):
            file = Path(path).resolve()
            entry = registry.load_file(file, attribute)
        else:
            file, attribute = None, None
            entry = registry[target]
        parameters = parse_parameters(inside, text)
        return cls(name=entry.name, parameters=parameters, file=file, attribute=attribute)

    def canonical(self, registry: Registry[Any]) -> "AlgorithmSpec":
        """Return the canonical spelling: values converted to the types of the fields, no defaults.

        Raises:
            UnknownNameError: If there is no such algorithm or parameter.
            ParameterError: If a value differs in type from the default.
        """
        entry = self.entry(registry)
        given = {**self.redundant, **self.parameters}
        values, changed = _checked(entry, given)
        write_all(entry.name, instantiate(entry.name, values, entry.make))
        attribute = entry.load().__name__ if entry.file else None
        return AlgorithmSpec(
            name=entry.name,
            parameters=changed,
            file=entry.file,
            attribute=attribute,
            label=self.label,
            redundant={key: value for key, value in values.items() if key not in changed},
        )

    def load(self, registry: Registry[Any]) -> Any:
        """Return the algorithm with its parameters; imports its file first if it has one."""
        entry = self.entry(registry)
        values, _ = _checked(entry, self.parameters)
        return instantiate(self.name, values, entry.make)

    def version(self, registry: Registry[Any]) -> int:
        """Return the version of the algorithm's code; see `Algorithm.version`."""
        return algorithm_version(self.name, self.entry(registry).load())

    def without_added(self, parameters: str, registry: Registry[Any]) -> str:
        """Return parameters as JSON without those of `Entry.added` that have their default.

        Raises:
            PluginError: If `added` names something else than hyper-parameters.
        """
        entry = self.entry(registry)
        if not entry.added:
            return parameters
        defaults = json.loads(write_all(self.name, entry.make()))
        if unknown := set(entry.added) - defaults.keys():
            raise PluginError(
                f"`added` of `{self.name}` must name its hyper-parameters. "
                f"Found {', '.join(sorted(unknown))}. It has {', '.join(defaults)}."
            )
        left = {
            key: value
            for key, value in json.loads(parameters).items()
            if key not in entry.added or value != defaults[key]
        }
        return json.dumps(left, sort_keys=True)

    def entry(self, registry: Registry[Any]) -> Entry[Any]:
        """Return the registry entry, from the file if there is one."""
        if self.file is not None and self.attribute is not None:
            return registry.load_file(self.file, self.attribute)
        return registry[self.name]


def _checked(
    entry: Entry[Any], parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    return check_parameters(entry.name, parameters, entry.load(), defaults=entry.defaults)


def _in_brackets(target: str, parameters: Mapping[str, Any]) -> str:
    inside = ",".join(f"{k}={write_value(v)}" for k, v in sorted(parameters.items()))
    return f"{target}[{inside}]" if inside else target
