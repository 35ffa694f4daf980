"""The frozen experts of `tiny-gpt2` that ship: weights, vocabulary, and the manifest for both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from torch import Tensor

from ...errors import IntegrityError
from ..cache import write_whole
from ..fine_tuning import Head
from ..layout import Layout

SHIPPED: Final = Path(__file__).parent / "weights"
NAME: Final = "tiny-gpt2"
_KEYS: Final = ("sha256", "vocabulary_sha256", "config", "length", "layout", "tasks", "scores")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FrozenExperts:
    """A pretrained backbone, its experts as task vectors, and the frozen heads.

    Stored in half precision and used in single are the embeddings and the task vectors: an expert
    is the base plus its rounded vector.

    Attributes:
        embeddings: Frozen parameters by name.
        base: `(P,)` parameters that experts move.
        task_vectors: `(T, P)`, in the order of `tasks`.
        heads: Of every task.
        config: Keyword arguments of `GPT2Config`.
        length: Tokens of a text.
        vocabulary: A `tokenizer.json`.
        scores: `pretrained` and `expert` accuracy of every task on its test, `resolution` in the
            expert's standard errors, `n`.
        sha256: Of the weights.
        vocabulary_sha256: Of the vocabulary.
    """

    tasks: tuple[str, ...]
    embeddings: Mapping[str, Tensor]
    base: Tensor
    task_vectors: Tensor
    heads: Mapping[str, Head]
    layout: Layout
    config: Mapping[str, Any]
    length: int
    vocabulary: Path
    scores: Mapping[str, Mapping[str, float]]
    sha256: str
    vocabulary_sha256: str


def load(directory: Path | None = None) -> FrozenExperts:
    """The frozen experts, after both files were checked against the manifest.

    Args:
        directory: Where the three files are; the shipped ones if None.

    Raises:
        IntegrityError: If a file is missing, damaged, or not the one its manifest names.
    """
    directory = directory or SHIPPED
    manifest = _read_manifest(directory / f"{NAME}.json")
    vocabulary = directory / f"{NAME}-vocabulary.json"
    _read_checked(vocabulary, manifest["vocabulary_sha256"])
    path = directory / f"{NAME}.safetensors"
    try:
        tensors = parse(_read_checked(path, manifest["sha256"]))
    except SafetensorError as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    names, shapes = zip(*manifest["layout"], strict=True)
    tasks = tuple(manifest["tasks"])
    prefix = "embedding."
    return FrozenExperts(
        tasks=tasks,
        embeddings={
            name.removeprefix(prefix): tensor.float()
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        },
        base=tensors["base"],
        task_vectors=tensors["task_vectors"].float(),
        heads={t: (tensors[f"head.{t}.weight"], tensors[f"head.{t}.bias"]) for t in tasks},
        layout=Layout(names=names, shapes=tuple(tuple(shape) for shape in shapes)),
        config=manifest["config"],
        length=manifest["length"],
        vocabulary=vocabulary,
        scores=manifest["scores"],
        sha256=manifest["sha256"],
        vocabulary_sha256=manifest["vocabulary_sha256"],
    )


def save(
    directory: Path, tensors: Mapping[str, Tensor], vocabulary: str, facts: Mapping[str, Any]
) -> Path:
    """Write vocabulary, tensors and manifest, each whole and renamed; the manifest comes last.

    Args:
        directory: Made if need be.
        tensors: As `load` reads them; embeddings and task vectors are rounded to half precision.
        vocabulary: JSON of the tokenizer.
        facts: All of the manifest but the two digests.

    Returns:
        Path of the safetensors file.
    """
    halves = {
        name: tensor.half() if name.startswith(("embedding.", "task_vectors")) else tensor
        for name, tensor in tensors.items()
    }
    content = serialise({name: tensor.contiguous() for name, tensor in halves.items()})
    path = directory / f"{NAME}.safetensors"
    manifest = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "vocabulary_sha256": hashlib.sha256(vocabulary.encode()).hexdigest(),
        **facts,
    }
    write_whole(directory / f"{NAME}-vocabulary.json", vocabulary.encode())
    write_whole(path, content)
    write_whole(directory / f"{NAME}.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return path


def rounded(tensor: Tensor) -> Tensor:
    """What is left of a float32 tensor in half precision."""
    return tensor.half().to(torch.float32)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    lacking = [key for key in _KEYS if key not in manifest]
    if lacking:
        raise _damaged(path, f"no {', '.join(lacking)}")
    return manifest


def _read_checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise _damaged(path, f"sha256 {found[:12]} where {sha256[:12]} is expected")
    return content


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be the file its manifest names. Found {found}. "
        f"Reinstall fusefront, or train anew with `fusefront retrain {NAME}`."
    )
