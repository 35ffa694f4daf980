"""Pareto sets as files: a description, tensors, and the hash of the experts; never pickled."""

import importlib
import json
import sys
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import ParetoSetFileError
from ..problems.experts import Coefficients, ExpertPool
from ..problems.predictor import Predictor
from .base import Algorithm
from .pareto_set import ParetoSet, PerTask, PreferenceMap
from .storable import NAMES, RENAMED, RENAMED_FIELDS, STORABLE
from .training.decoder import Decoder

_FORMAT: Final = "fusefront.pareto-set.2"
_FIRST_FORMAT: Final = "fusefront.answer.1"
_BASES: Final = (Algorithm, ParetoSet, Coefficients, PerTask, Predictor, PreferenceMap, Decoder)
_PACKAGE: Final = __name__.partition(".")[0]


def save_pareto_set(pareto_set: ParetoSet, path: Path) -> None:
    """Write a Pareto set as safetensors: its description as JSON, its tensors, its experts' hash.

    Raises:
        ParetoSetFileError: If it contains more than plain values, tensors and storable dataclasses.
    """
    writer = Writer()
    description = writer.encode(pareto_set)
    metadata = {
        "format": _FORMAT,
        "description": json.dumps(description),
        "experts": pareto_set.experts.digest,
    }
    data = save(writer.tensors, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renaming is atomic: a process that is killed here leaves no half of a file under the name.
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def load_pareto_set(path: Path, experts: ExpertPool) -> ParetoSet:
    """Read a Pareto set back.

    Args:
        path: A file that `save_pareto_set` wrote, in this version or an earlier one.
        experts: The problem's pool; its hash must be the one in the file.

    Raises:
        ParetoSetFileError: If the file is damaged, not a Pareto set, or belongs to other experts.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # The file's memory need not be aligned, and kernels round differently where it is not:
            # without a copy, a stored model would not give the bits of the original.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ParetoSetFileError(
            f"`{path}` must be a stored Pareto set. Found {error}. Fit the algorithm again."
        ) from error
    found = metadata.get("format", "none")
    if found not in (_FORMAT, _FIRST_FORMAT):
        raise ParetoSetFileError(
            f"`{path}` must be a stored Pareto set of format {_FORMAT}. Found {found}. "
            "Upgrade fusefront if that is a later format."
        )
    if metadata["experts"] != experts.digest:
        raise ParetoSetFileError(
            f"`{path}` must be used with the experts it was made of, {metadata['experts']}. "
            f"Found {experts.digest}. Open it with its own problem."
        )
    reader = Reader(tensors, experts, str(path))
    first = found == _FIRST_FORMAT
    pareto_set = reader.decode(json.loads(metadata["recipe" if first else "description"]))
    if not isinstance(pareto_set, ParetoSet):
        raise ParetoSetFileError(
            f"`{path}` must contain a ParetoSet. Found {type(pareto_set).__name__}. "
            "Fit the algorithm again."
        )
    return pareto_set


def save_answer(answer: ParetoSet, path: Path) -> None:
    """Deprecated name of `save_pareto_set`."""
    _deprecated("save_answer", "save_pareto_set")
    save_pareto_set(answer, path)


def load_answer(path: Path, experts: ExpertPool) -> ParetoSet:
    """Deprecated name of `load_pareto_set`."""
    _deprecated("load_answer", "load_pareto_set")
    return load_pareto_set(path, experts)


def _deprecated(old: str, new: str) -> None:
    warnings.warn(
        f"`{old}` is deprecated: it is called `{new}` now.", DeprecationWarning, stacklevel=3
    )


@final
class Writer:
    """Describes values as plain data, and gathers the tensors in them under names."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names = count()
        self._known: list[tuple[weakref.ref[Tensor], str]] = []
        self._pools: list[tuple[ExpertPool, dict[str, Any]]] = []

    def take(self) -> dict[str, Tensor]:
        """Return the tensors gathered since the last call."""
        taken, self.tensors = self.tensors, {}
        return taken

    def encode(self, value: Any) -> Any:
        """Return the description of a value, as JSON can hold it.

        Raises:
            ParetoSetFileError: If it contains more than plain values, tensors, pools and storable
                dataclasses.
        """
        if isinstance(value, Tensor | np.ndarray):
            return self._tensor(value)
        if isinstance(value, ExpertPool):
            return self._pool(value)
        if isinstance(value, _BASES) and is_dataclass(value):
            inside = {f.name: self.encode(getattr(value, f.name)) for f in fields(value) if f.init}
            return {"class": _name(type(value)), "fields": inside}
        if isinstance(value, tuple | list):
            return {"items": [self.encode(item) for item in value]}
        if isinstance(value, Mapping):
            return {"mapping": {key: self.encode(item) for key, item in value.items()}}
        if value is None or isinstance(value, bool | int | float | str):
            return {"value": value}
        raise ParetoSetFileError(
            "A Pareto set must be made of plain values, tensors and `PreferenceMap` dataclasses to "
            f"be stored. Found {type(value).__name__}. Turn functions into such a dataclass."
        )

    def _tensor(self, value: Tensor | np.ndarray[Any, Any]) -> dict[str, str]:
        if not isinstance(value, Tensor):
            return {"array": self._add(torch.from_numpy(np.array(value)))}
        for known, name in self._known:
            if known() is value:
                return {"tensor": name}
        name = self._add(value)
        self._known.append((weakref.ref(value), name))
        return {"tensor": name}

    def _add(self, tensor: Tensor) -> str:
        name = str(next(self._names))
        self.tensors[name] = tensor.detach().contiguous().clone()
        return name

    def _pool(self, pool: ExpertPool) -> dict[str, Any]:
        """Describe a pool: the problem's own is only named, others store their task vectors."""
        if pool.original:
            return {"experts": True}
        for known, description in self._pools:
            if known is pool:
                return description
        vectors = self._tensor(pool.task_vectors)
        self._pools.append((pool, {"altered": vectors["tensor"], "names": list(pool.names)}))
        return self._pools[-1][1]


@final
class Reader:
    """Makes the values that a `Writer` described.

    Args:
        tensors: By the names in the descriptions; may be extended between them.
        experts: The problem's own pool.
        source: Where the descriptions come from, for errors.
    """

    def __init__(self, tensors: dict[str, Tensor], experts: ExpertPool, source: str) -> None:
        self.tensors = tensors
        self._experts = experts
        self._source = source
        self._pools: dict[str, ExpertPool] = {}

    def decode(self, node: dict[str, Any]) -> Any:
        """Return the value of a description.

        Raises:
            ParetoSetFileError: If it names a class that is not storable or not imported.
        """
        if "value" in node:
            return node["value"]
        if "tensor" in node:
            return self.tensors[node["tensor"]]
        if "array" in node:
            return self.tensors[node["array"]].numpy()
        if "items" in node:
            return tuple(self.decode(item) for item in node["items"])
        if "mapping" in node:
            return {key: self.decode(item) for key, item in node["mapping"].items()}
        if "experts" in node:
            return self._experts
        if "altered" in node:
            return self._altered(node["altered"], node["names"])
        inside = {name: self.decode(value) for name, value in node["fields"].items()}
        name, added = _current_name(node["class"])
        renamed = RENAMED_FIELDS.get(name, {})
        return self._class(name)(**{renamed.get(k, k): v for k, v in inside.items()}, **added)

    def _altered(self, name: str, names: list[str]) -> ExpertPool:
        if name not in self._pools:
            self._pools[name] = self._experts.altered(self.tensors[name], names)
        return self._pools[name]

    def _class(self, name: str) -> Any:
        """Return the storable class of this name; a file can make nothing else be called."""
        module, _, attribute = STORABLE.get(name, name).partition(":")
        try:
            # Importing runs code. A file may therefore name modules of fusefront, and those that
            # its user has imported already, but never make others be imported.
            if name not in STORABLE and module not in sys.modules:
                raise ImportError(f"a module, {module}, that is not imported")
            found: Any = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError, ValueError) as error:
            raise ParetoSetFileError(
                f"`{self._source}` needs the class `{name}`. Found {error}. "
                "Import or install the plug-in that it was made with."
            ) from error
        if not (isinstance(found, type) and issubclass(found, _BASES)):
            raise ParetoSetFileError(
                f"`{self._source}` must name classes of Pareto sets. Found `{name}`. "
                "Do not use this file: it was not written by fusefront."
            )
        return found


def _name(kind: type) -> str:
    """Return how files name a class: shortly if it is ours, by module and name if a plug-in's."""
    path = f"{kind.__module__}:{kind.__qualname__}"
    if path in NAMES:
        return NAMES[path]
    return path


def _current_name(stored: str) -> tuple[str, Mapping[str, Any]]:
    """Return the current name of a stored class, and fields that replace what its class fixed.

    Format 1 named classes of fusefront by the module they were in, which may be gone by now.
    """
    module, separator, name = stored.partition(":")
    short = name if separator and module.partition(".")[0] == _PACKAGE else stored
    if short in RENAMED:
        return RENAMED[short]
    return (short if short in STORABLE else stored), {}
