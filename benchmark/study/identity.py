"""The identity of a run, which decides whether two runs are the same, and the tree of seeds."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from ...errors import PluginError


@final
@dataclass(frozen=True, kw_only=True)
class Identity:
    """Everything that decides the results of a run, and nothing else.

    Display names, resource limits and the executor are left out: they may differ between two
    computations of the same run.

    Args:
        protocol: Version of the protocol.
        problem: The problem's name in tables, with its parameters.
        problem_hash: Hash of the problem's experts and data.
        algorithm: The algorithm's registered name.
        plugin: Hash of the Python file that registers the algorithm and of the files that it
            imports; empty if it is installed.
        parameters: The hyper-parameters as JSON, except `Entry.added` at their defaults.
        root_seed: The number from which all randomness of the study is derived.
        seed: Number of the repetition.
        budget: Cap on units.
        precision: Arithmetic of the fit.
        problem_plugin: The same for the Python file that registers the problem.
        version: Version of the algorithm's code; see `Algorithm.version`.
        caps: Caps on other costs of the fit.
    """

    protocol: int
    problem: str
    problem_hash: str
    algorithm: str
    plugin: str
    parameters: str
    root_seed: int
    seed: int
    budget: int | None
    precision: str = "float32"
    problem_plugin: str = ""
    version: int = 1
    caps: Mapping[str, float] = field(default_factory=dict)

    def run_id(self) -> str:
        """Return sixteen hexadecimal digits."""
        # Fields added after the first release enter only when they differ from their default, so
        # that the ids of earlier runs do not change.
        content: list[Any] = [
            *(self.protocol, self.problem, self.problem_hash),
            *(self.algorithm, self.plugin, self.parameters),
            *(self.root_seed, self.seed, self.budget),
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


def algorithm_version(name: str, algorithm: Any) -> int:
    """Return the class attribute `version`, which authors raise when results change; default 1.

    Raises:
        PluginError: If it is not a positive integer.
    """
    if "version" in {f.name for f in dataclasses.fields(algorithm)}:
        return 1  # `version` is a hyper-parameter here, and part of the parameters already
    version = getattr(algorithm, "version", 1)
    if type(version) is not int or version < 1:
        raise PluginError(f"`{name}.version` must be an integer >= 1. Found {version!r}.")
    return version


def derive_seed(*path: str | int) -> int:
    """Return a 63-bit seed that depends on every element of the path, and on nothing else.

    All randomness of a run comes from one tree: (root seed, problem, algorithm, seed, purpose).
    The data order leaves the algorithm out, so that all algorithms see the same examples.

    >>> derive_seed(0, "digits-mnist-sum", 1, "data")
    5521684162424620901
    """
    # Separators inside names are escaped: ("a/b", "c") and ("a", "b/c") are different paths.
    text = "/".join(str(part).replace("%", "%25").replace("/", "%2F") for part in path)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
