"""How a study names an algorithm: a registered name, or a plug-in's class, with parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...registry import Entry, Registry
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

    `file` and `attribute` are the Python file that registers it and the class's name there, for
    one that is not installed. `label` is how tables call it instead of its full name, `redundant`
    the parameters that were given as what their defaults are: a study file keeps them, for the day
    when the defaults are others. Two that differ only in these are the same.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None
    attribute: str | None = None
    label: str | None = field(default=None, compare=False)
    redundant: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def display_name(self) -> str:
        """How tables call it: the label if it has one, else the full name."""
        return self.label or self.full_name

    @property
    def full_name(self) -> str:
        """The name, and in brackets what differs from the defaults."""
        return _in_brackets(self.name, self.parameters)

    @property
    def as_given(self) -> str:
        """The name, and in brackets all that was given; what `parse` reads."""
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
        if separator and path.endswith(".py"):
            file = Path(path).resolve()
            entry = registry.load_file(file, attribute)
        else:
            file, attribute = None, None
            entry = registry[target]
        parameters = parse_parameters(inside, text)
        return cls(name=entry.name, parameters=parameters, file=file, attribute=attribute)

    def canonical(self, registry: Registry[Any]) -> "AlgorithmSpec":
        """The one spelling of this specification: values as the fields hold them, no defaults.

        Raises:
            UnknownNameError: If there is no such algorithm or parameter.
            ParameterError: If a value has another type than the default.
        """
        entry = self.entry(registry)
        algorithm = entry.load()
        given = {**self.redundant, **self.parameters}
        values, changed = check_parameters(entry.name, given, algorithm)
        write_all(entry.name, instantiate(entry.name, values, algorithm))
        attribute = algorithm.__name__ if entry.file else None
        return AlgorithmSpec(
            name=entry.name,
            parameters=changed,
            file=entry.file,
            attribute=attribute,
            label=self.label,
            redundant={key: value for key, value in values.items() if key not in changed},
        )

    def load(self, registry: Registry[Any]) -> Any:
        """The algorithm itself, with its parameters; its file is imported first if it has one."""
        algorithm = self.entry(registry).load()
        values, _ = check_parameters(self.name, self.parameters, algorithm)
        return instantiate(self.name, values, algorithm)

    def version(self, registry: Registry[Any]) -> int:
        """Of the algorithm's code; see `Algorithm.version`."""
        return algorithm_version(self.name, self.entry(registry).load())

    def entry(self, registry: Registry[Any]) -> Entry[Any]:
        """Its entry, from its file if it has one."""
        if self.file is not None and self.attribute is not None:
            return registry.load_file(self.file, self.attribute)
        return registry[self.name]


def _in_brackets(target: str, parameters: Mapping[str, Any]) -> str:
    inside = ",".join(f"{k}={write_value(v)}" for k, v in sorted(parameters.items()))
    return f"{target}[{inside}]" if inside else target
