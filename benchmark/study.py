"""A study: which algorithms run on which problems, how often, under what budget."""

import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from .errors import ParameterError, StudyError
from .registry import Registry, unknown_name

PROTOCOL_VERSION: Final = 1
"""Raised when the protocol changes results; runs of another version are not mixed."""

_SPEC = re.compile(r"^(?P<target>[^\[\]]+?)(?:\[(?P<parameters>.*)\])?$", re.DOTALL)


@final
@dataclass(frozen=True, kw_only=True)
class AlgorithmSpec:
    """An algorithm with the hyper-parameters that differ from its defaults.

    `file` and `attribute` are the Python file that registers it and the class's name there, for
    one that is not installed.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None
    attribute: str | None = None

    @property
    def display_name(self) -> str:
        """The name, and in brackets what differs from the defaults."""
        if not self.parameters:
            return self.name
        inside = ",".join(f"{k}={json.dumps(v)}" for k, v in sorted(self.parameters.items()))
        return f"{self.name}[{inside}]"

    @classmethod
    def parse(cls, text: str, registry: Registry[Any]) -> "AlgorithmSpec":
        """Read `name`, `name[key=value,...]`, or `./file.py:Class[...]`.

        Values are read as TOML (`0.3`, `true`, `[1, 2]`, `"x"`), else as text.

        Raises:
            UnknownNameError: If no algorithm has this name.
            PluginError: If the file does not register the class.
            ParameterError: If the brackets cannot be read.
        """
        match = _SPEC.match(text.strip())
        if match is None:
            raise ParameterError(f"An algorithm must be `name[key=value,...]`. Found `{text}`.")
        target, inside = match["target"], match["parameters"] or ""
        file: Path | None
        attribute: str | None
        path, separator, attribute = target.rpartition(":")
        if separator and path.endswith(".py"):
            file = Path(path).resolve()
            entry = registry.load_file(file, attribute)
        else:
            file, attribute = None, None
            entry = registry[target]
        parameters = _parse_parameters(inside, text)
        return cls(name=entry.name, parameters=parameters, file=file, attribute=attribute)

    def load(self, registry: Registry[Any]) -> Any:
        """The algorithm itself, with its parameters; its file is imported first if it has one."""
        if self.file is not None and self.attribute is not None:
            registry.load_file(self.file, self.attribute)
        return instantiate(self, registry[self.name].load())


@final
@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run: all that a worker needs to compute it, and its content-addressed id."""

    run_id: str
    problem: str
    algorithm: AlgorithmSpec
    resolved: str
    repetition: int
    study_seed: int
    budget: int | None


@final
@dataclass(frozen=True, kw_only=True)
class Study:
    """Algorithms x problems x seeds under one budget.

    Args:
        problems: Problem names.
        algorithms: Algorithms with their parameters.
        seeds: Repetitions 0 .. seeds - 1.
        seed: Root of all randomness.
        budget: Cap on units of each fit; None is no cap.
    """

    problems: tuple[str, ...]
    algorithms: tuple[AlgorithmSpec, ...]
    seeds: int = 3
    seed: int = 0
    budget: int | None = 100_000

    def expand(self, algorithms: Registry[Any], problem_hashes: Mapping[str, str]) -> list[RunSpec]:
        """All runs, repetitions outermost: a first answer for everything comes early."""
        resolved = {
            spec.display_name: resolve(spec, algorithms[spec.name].load())
            for spec in self.algorithms
        }
        return [
            self._run(problem, spec, resolved[spec.display_name], repetition, problem_hashes)
            for repetition in range(self.seeds)
            for problem in self.problems
            for spec in self.algorithms
        ]

    def _run(
        self,
        problem: str,
        spec: AlgorithmSpec,
        resolved: str,
        repetition: int,
        problem_hashes: Mapping[str, str],
    ) -> RunSpec:
        source = "" if spec.file is None else _file_hash(spec.file)
        identity = [
            *(PROTOCOL_VERSION, problem, problem_hashes[problem], spec.name, source, resolved),
            *(self.seed, repetition, self.budget),
        ]
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        return RunSpec(
            run_id=digest[:16],
            problem=problem,
            algorithm=spec,
            resolved=resolved,
            repetition=repetition,
            study_seed=self.seed,
            budget=self.budget,
        )


def resolve(spec: AlgorithmSpec, algorithm: type) -> str:
    """All hyper-parameters as JSON, those given checked against the algorithm's fields.

    Raises:
        UnknownNameError: If a parameter is not a field.
        ParameterError: If a value has another type than the default.
    """
    fields = {f.name: f for f in dataclasses.fields(algorithm)}
    for key, value in spec.parameters.items():
        if key not in fields:
            raise unknown_name(f"a parameter of `{spec.name}`", key, list(fields))
        check_type(f"{spec.name}[{key}]", value, fields[key].default)
    return json.dumps(dataclasses.asdict(instantiate(spec, algorithm)), sort_keys=True)


def instantiate(spec: AlgorithmSpec, algorithm: type) -> Any:
    """The algorithm with its parameters; lists become tuples, as fields hold them."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.parameters.items()}
    return algorithm(**values)


def check_type(what: str, value: object, default: object) -> None:
    """Refuse a value of another type than the default's; an integer may stand for a float."""
    expected = list if isinstance(default, tuple) else type(default)
    allowed: tuple[type, ...] = (int, float) if expected is float else (expected,)
    if default in (None, dataclasses.MISSING):
        return
    if not isinstance(value, allowed) or (isinstance(value, bool) and expected is not bool):
        raise ParameterError(
            f"`{what}` must be of type {expected.__name__}. "
            f"Found {value!r} of type {type(value).__name__}."
        )


def _parse_parameters(inside: str, text: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for item in _split_commas(inside):
        key, separator, value = item.partition("=")
        if not separator or not key.strip():
            raise ParameterError(
                f"Parameters must be `key=value`, separated by commas. "
                f"Found `{item.strip()}` in `{text}`."
            )
        try:
            parameters[key.strip().replace("-", "_")] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parameters[key.strip().replace("-", "_")] = value.strip()
    return parameters


def _split_commas(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for i, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            yield text[start:i]
            start = i + 1
    if text[start:].strip():
        yield text[start:]


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def merge_studies(old: Study, new: Study) -> Study:
    """The study that holds both, for a directory that is extended.

    Raises:
        StudyError: If seed or budget differ: their runs cannot be compared.
    """
    for key in ("seed", "budget"):
        if getattr(old, key) != getattr(new, key):
            raise StudyError(
                f"`{key}` must be what the directory was begun with. "
                f"Found {getattr(new, key)}, there {getattr(old, key)}. Use another directory."
            )
    return Study(
        problems=_union(old.problems, new.problems),
        algorithms=_union(old.algorithms, new.algorithms),
        seeds=max(old.seeds, new.seeds),
        seed=old.seed,
        budget=old.budget,
    )


def _union(old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, ...]:
    return (*old, *(item for item in new if item not in old))
