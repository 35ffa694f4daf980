"""Frozen experts that ship: a safetensors file and the manifest that vouches for it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from torch import Tensor

from ...errors import IntegrityError
from .backbone import Layout
from .families import get_family

SHIPPED = Path(__file__).parent / "weights"
Head = tuple[Tensor, Tensor]
"""Weight `(C, H)` and bias `(C,)` of a linear classifier on the CLS features."""


class Score(TypedDict):
    """How a model does on one task and split: `loss` is the mean cross-entropy over `n`."""

    accuracy: float
    loss: float
    n: int


Anchors = dict[str, dict[str, dict[str, Score]]]
"""Split, then `base` or the expert's task, then the task measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrozenExperts:
    """A pretrained backbone, its experts as task vectors, and the frozen heads.

    `base` is `(P,)`, `task_vectors` `(T, P)` in the order of `tasks`; `config` are the keyword
    arguments of `ViTConfig`. `averages` scores, on test, the base plus the mean task vector of each
    subset "a+b"; `resolution` is expert - base accuracy on test, in the expert's standard errors.
    `images` has the fingerprint of each source of images they were trained and measured on; it is
    empty where none were recorded.
    """

    tasks: tuple[str, ...]
    base: Tensor
    task_vectors: Tensor
    heads: dict[str, Head]
    config: dict[str, Any]
    layout: Layout
    anchors: Anchors
    averages: dict[str, dict[str, Score]]
    resolution: dict[str, float]
    images: dict[str, str]
    sha256: str


def load(family: str, directory: Path | None = None) -> FrozenExperts:
    """The frozen experts of a family, after their file was checked against its manifest.

    Args:
        family: Name of the family.
        directory: Where `<family>.safetensors` and `<family>.json` are; the shipped ones if None.

    Raises:
        IntegrityError: If a file is missing, damaged, or not the one its manifest names.
    """
    get_family(family)
    directory = directory or SHIPPED
    manifest = _read_manifest(directory / f"{family}.json", family)
    path = directory / f"{family}.safetensors"
    tensors = _read_tensors(path, manifest["sha256"], family)
    names: Layout = tuple((name, tuple(shape)) for name, shape in manifest["layout"])
    tasks = tuple(manifest["tasks"])
    return FrozenExperts(
        tasks=tasks,
        base=tensors["base"],
        task_vectors=tensors["task_vectors"],
        heads={t: (tensors[f"head.{t}.weight"], tensors[f"head.{t}.bias"]) for t in tasks},
        config=manifest["config"],
        layout=names,
        anchors=manifest["anchors"],
        averages=manifest["averages"],
        resolution=manifest["resolution"],
        images=manifest.get("images", {}),
        sha256=manifest["sha256"],
    )


def save(
    family: str, directory: Path, tensors: dict[str, Tensor], facts: Mapping[str, Any]
) -> Path:
    """Write tensors and manifest, each whole and renamed; the manifest comes last.

    Args:
        family: Name of the family, and of the files.
        directory: Made if need be.
        tensors: As `load` reads them: base, task_vectors, head.<task>.weight and .bias.
        facts: All of the manifest but its sha256.

    Returns:
        Path of the safetensors file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{family}.safetensors"
    content = serialise({name: tensor.contiguous() for name, tensor in tensors.items()})
    manifest = {"sha256": hashlib.sha256(content).hexdigest(), **facts}
    _write(path, content)
    _write(directory / f"{family}.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return path


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)


def _read_manifest(path: Path, family: str) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}", family) from error
    required = ("sha256", "config", "layout", "tasks", "anchors", "averages", "resolution")
    lacking = [key for key in required if key not in manifest]
    if lacking:
        raise _damaged(path, f"no {', '.join(lacking)}", family)
    return dict(manifest)


def _read_tensors(path: Path, sha256: str, family: str) -> dict[str, Tensor]:
    try:
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise _damaged(path, f"sha256 {found[:12]} where {sha256[:12]} is expected", family)
        tensors = parse(content)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}", family) from error
    if any(tensor.dtype != torch.float32 for tensor in tensors.values()):
        raise _damaged(path, "tensors that are not float32", family)
    return tensors


def _damaged(path: Path, found: str, family: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be the file its manifest names. Found {found}. "
        f"Reinstall fusefront, or train anew with `fusefront retrain {family}`."
    )
