"""What makes two runs the same run: everything that decides results, and the tree of seeds."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...errors import PluginError


@final
@dataclass(frozen=True, kw_only=True)
class Identity:
    """All that decides the results of a run, and nothing else: no display name, no resources.

    Args:
        protocol: Version of the protocol.
        problem: As tables call it, with its knobs.
        problem_hash: Digest of the problem's experts and data.
        algorithm: Its registered name.
        plugin: Digest of the Python file that registers the algorithm; empty if it is installed.
        parameters: All hyper-parameters as JSON.
        seed: The study's.
        repetition: Within the study.
        budget: Cap on units.
        precision: Of the fit.
        problem_plugin: As `plugin`, of the problem.
        version: Of the algorithm's code.
        caps: In other currencies than units.
    """

    protocol: int
    problem: str
    problem_hash: str
    algorithm: str
    plugin: str
    parameters: str
    seed: int
    repetition: int
    budget: int | None
    precision: str = "float32"
    problem_plugin: str = ""
    version: int = 1
    caps: Mapping[str, float] = field(default_factory=dict)

    def run_id(self) -> str:
        """Sixteen hexadecimal digits; what is at its default leaves no trace in them."""
        content: list[Any] = [
            *(self.protocol, self.problem, self.problem_hash),
            *(self.algorithm, self.plugin, self.parameters),
            *(self.seed, self.repetition, self.budget),
        ]
        if self.precision != "float32":
            content.append(self.precision)
        if self.problem_plugin:
            content.append(self.problem_plugin)
        if self.version != 1:
            content.append({"version": self.version})
        if self.caps:
            content.append({"caps": dict(sorted(self.caps.items()))})
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def file_hash(path: Path | None) -> str:
    """Digest of a plug-in's file; empty for what is installed."""
    return "" if path is None else hashlib.sha256(path.read_bytes()).hexdigest()


def algorithm_version(name: str, algorithm: Any) -> int:
    """The class's `version`, which its author raises when results change; 1 if it says none.

    Raises:
        PluginError: If it is no positive integer.
    """
    if "version" in {f.name for f in dataclasses.fields(algorithm)}:
        return 1  # a hyper-parameter of that name
    version = getattr(algorithm, "version", 1)
    if type(version) is not int or version < 1:
        raise PluginError(f"`{name}.version` must be an integer, 1 or more. Found {version!r}.")
    return version


def derive(*path: str | int) -> int:
    """A 63-bit seed that depends on every element of the path, and on nothing else.

    >>> derive(0, "digits-mnist-sum", 1, "data") == derive(0, "digits-mnist-sum", 1, "data")
    True
    """
    text = "/".join(str(part).replace("%", "%25").replace("/", "%2F") for part in path)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
