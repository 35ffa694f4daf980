"""Answers as files: what was found and the hash of the experts it refers to, never pickled."""

import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import AnswerFileError
from ..problems.experts import Coefficients, ExpertPool
from ..problems.predictor import Predictor
from .base import Algorithm
from .pareto_set import ParetoSet, PerTask, Recipe
from .training.decoder import Decoder

_FORMAT: Final = "fusefront.answer.1"
_OURS: Final = f"{__package__}."
_STORABLE: Final = (Algorithm, ParetoSet, Coefficients, PerTask, Predictor, Recipe, Decoder)


def save_answer(answer: ParetoSet, path: Path) -> None:
    """Write an answer as safetensors: its recipe as JSON, its tensors, the hash of its experts.

    Raises:
        AnswerFileError: If it is made of something that is no plain value, tensor or `Recipe`.
    """
    writer = _Writer()
    recipe = writer.encode(answer)
    metadata = {
        "format": _FORMAT,
        "recipe": json.dumps(recipe),
        "experts": answer.experts.digest,
    }
    data = save(writer.tensors, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def load_answer(path: Path, experts: ExpertPool) -> ParetoSet:
    """Read an answer back.

    Args:
        path: A file that `save_answer` wrote.
        experts: The problem's pool, whose hash must be that of the file.

    Raises:
        AnswerFileError: If the file is no answer, is damaged, or is of other experts.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # Cloned into aligned memory, since kernels round otherwise elsewhere.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise AnswerFileError(f"`{path}` must be a stored answer. Found {error}.") from error
    if metadata.get("format") != _FORMAT:
        raise AnswerFileError(
            f"`{path}` must be a stored answer of format {_FORMAT}. "
            f"Found {metadata.get('format', 'none')}."
        )
    if metadata["experts"] != experts.digest:
        raise AnswerFileError(
            f"`{path}` must be used with the experts it was made of, {metadata['experts']}. "
            f"Found {experts.digest}. Open it with its own problem."
        )
    answer = _Reader(tensors, experts, path).decode(json.loads(metadata["recipe"]))
    if not isinstance(answer, ParetoSet):
        raise AnswerFileError(f"`{path}` must hold a ParetoSet. Found {type(answer).__name__}.")
    return answer


@final
class _Writer:
    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._pools: dict[int, dict[str, Any]] = {}

    def encode(self, value: Any) -> Any:
        if isinstance(value, Tensor | np.ndarray):
            return self._tensor(value)
        if isinstance(value, ExpertPool):
            return self._pool(value)
        if isinstance(value, _STORABLE) and is_dataclass(value):
            kind = type(value)
            inside = {f.name: self.encode(getattr(value, f.name)) for f in fields(value) if f.init}
            return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": inside}
        if isinstance(value, tuple | list):
            return {"items": [self.encode(item) for item in value]}
        if isinstance(value, Mapping):
            return {"mapping": {key: self.encode(item) for key, item in value.items()}}
        if value is None or isinstance(value, bool | int | float | str):
            return {"value": value}
        raise AnswerFileError(
            "An answer must be made of plain values, tensors and `Recipe` dataclasses to be "
            f"stored. Found {type(value).__name__}."
        )

    def _tensor(self, value: Tensor | np.ndarray[Any, Any]) -> dict[str, str]:
        name = str(len(self.tensors))
        tensor = value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))
        self.tensors[name] = tensor.detach().contiguous().clone()
        return {"tensor" if isinstance(value, Tensor) else "array": name}

    def _pool(self, pool: ExpertPool) -> dict[str, Any]:
        if pool.original:
            return {"experts": True}
        if id(pool) not in self._pools:
            vectors = self._tensor(pool.task_vectors)
            self._pools[id(pool)] = {"altered": vectors["tensor"], "names": list(pool.names)}
        return self._pools[id(pool)]


@final
class _Reader:
    def __init__(self, tensors: dict[str, Tensor], experts: ExpertPool, path: Path) -> None:
        self._tensors = tensors
        self._experts = experts
        self._path = path
        self._pools: dict[str, ExpertPool] = {}

    def decode(self, node: dict[str, Any]) -> Any:
        if "value" in node:
            return node["value"]
        if "tensor" in node:
            return self._tensors[node["tensor"]]
        if "array" in node:
            return self._tensors[node["array"]].numpy()
        if "items" in node:
            return tuple(self.decode(item) for item in node["items"])
        if "mapping" in node:
            return {key: self.decode(item) for key, item in node["mapping"].items()}
        if "experts" in node:
            return self._experts
        if "altered" in node:
            return self._altered(node["altered"], node["names"])
        inside = {name: self.decode(value) for name, value in node["fields"].items()}
        return self._class(node["class"])(**inside)

    def _altered(self, name: str, names: list[str]) -> ExpertPool:
        if name not in self._pools:
            self._pools[name] = self._experts.altered(self._tensors[name], names)
        return self._pools[name]

    def _class(self, target: str) -> Any:
        """A class that may be stored, by its name; nothing else is ever called."""
        module, _, name = target.partition(":")
        try:
            if module not in sys.modules and not module.startswith(_OURS):
                raise ImportError(f"a module, {module}, that is not imported")
            found: Any = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError) as error:
            raise AnswerFileError(
                f"`{self._path}` needs `{target}`. Found {error}. Install what it was made with."
            ) from error
        if not (isinstance(found, type) and issubclass(found, _STORABLE)):
            raise AnswerFileError(f"`{self._path}` must name classes of answers. Found `{target}`.")
        return found
