"""Frozen experts that ship: a safetensors file, and a manifest with its hash."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import Tensor

from .cache import read_manifest, read_vouched, write_vouched
from .experts import ExpertPool
from .family import ExpertFamily
from .layout import Layout
from .predictor import Head

_REQUIRED: Final = ("sha256", "config", "layout", "tasks")
_EMBEDDING: Final = "embedding."


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FrozenExperts:
    """A pretrained backbone, its experts as task vectors, and their frozen heads.

    Attributes:
        tasks: T tasks, in the order of the task vectors.
        tensors: `base` `(P,)`, the pretrained parameters that experts change; `task_vectors`
            `(T, P)`; `head.<task>.weight` and `.bias`; `embedding.<name>`, parameters that all
            experts share. Some are stored in half precision; all are used in single precision.
        manifest: `config`, the keyword arguments of the network's configuration; `layout`, the
            names and shapes of the P parameters; and facts of one family, such as scores.
    """

    tasks: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    manifest: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """The digest of the safetensors file."""
        return str(self.manifest["sha256"])

    @cached_property
    def layout(self) -> Layout:
        """Names and shapes of the P parameters."""
        names, shapes = zip(*self.manifest["layout"], strict=True)
        return Layout(names=names, shapes=tuple(tuple(shape) for shape in shapes))

    @property
    def pretrained(self) -> Tensor:
        """`(P,)` parameters of the pretrained model."""
        return self.tensors["base"]

    @property
    def task_vectors(self) -> Tensor:
        """`(T, P)` experts minus pretrained model."""
        return self.tensors["task_vectors"]

    @property
    def embeddings(self) -> dict[str, Tensor]:
        """Parameters outside the layout, by name."""
        names = [name for name in self.tensors if name.startswith(_EMBEDDING)]
        return {name.removeprefix(_EMBEDDING): self.tensors[name] for name in names}

    def head(self, task: str) -> Head:
        """The frozen head of a task."""
        return self.tensors[f"head.{task}.weight"], self.tensors[f"head.{task}.bias"]

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """The pretrained model and the experts of the given tasks, in this order, as copies."""
        rows = [self.tasks.index(task) for task in tasks]
        return ExpertPool(
            pretrained=self.pretrained.clone(),
            task_vectors=self.task_vectors[rows].contiguous(),
            layout=self.layout,
            names=tasks,
        )


class FrozenFamily(ExpertFamily):
    """A family whose experts ship with this package."""

    @abstractmethod
    def load(self) -> FrozenExperts:
        """Load the experts; called once."""

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """The experts of the given tasks."""
        return self._frozen.pool(tasks)

    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """The frozen heads of the given tasks."""
        return [self._frozen.head(task) for task in tasks]

    @cached_property
    def _frozen(self) -> FrozenExperts:
        return self.load()


def load(name: str, directory: Path, required: Sequence[str] = ()) -> FrozenExperts:
    """Load the experts of a family, after checking their file against its manifest.

    Args:
        name: Name of the family.
        directory: Folder of `<name>.safetensors` and `<name>.json`.
        required: Keys of the manifest that this family needs besides those that all need.

    Raises:
        IntegrityError: If a file is missing or damaged, or they do not match.
    """
    path = directory / f"{name}.safetensors"
    manifest = read_manifest(path, (*_REQUIRED, *required), fix=reinstall(name))
    tensors = read_vouched(path, fix=reinstall(name))
    return FrozenExperts(
        tasks=tuple(manifest["tasks"]),
        tensors={key: tensor.float() for key, tensor in tensors.items()},
        manifest=manifest,
    )


def save(
    name: str,
    directory: Path,
    tensors: Mapping[str, Tensor],
    heads: Mapping[str, Head],
    facts: Mapping[str, Any],
) -> Path:
    """Write the experts of a family and their manifest.

    Args:
        name: Name of the family, and of the files.
        directory: Created if it does not exist.
        tensors: `base`, `task_vectors` and embeddings, as in `FrozenExperts.tensors`.
        heads: The head of every task.
        facts: The manifest except for its `sha256`.

    Returns:
        Path of the safetensors file.
    """
    named = {f"head.{t}.{part}": x for t, head in heads.items() for part, x in _parts(head)}
    path = directory / f"{name}.safetensors"
    write_vouched(path, {**tensors, **named}, facts)
    return path


def _parts(head: Head) -> tuple[tuple[str, Tensor], ...]:
    return (("weight", head[0]), ("bias", head[1]))


def rounded(tensor: Tensor) -> Tensor:
    """Round a float32 tensor to half precision, and return it in single precision."""
    return tensor.half().to(torch.float32)


def reinstall(name: str) -> str:
    """Return the sentence that says how to replace damaged files of a family."""
    return f"Reinstall fusefront, or train the experts again with `fusefront retrain {name}`."
