"""A checkpoint as its files describe it: configuration, headers, names, vocabulary; no weights."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from safetensors import SafetensorError, safe_open

from ...errors import IntegrityError, MissingDataError
from .location import file_sha256, read_json

_BINARY: Final = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model")


def tokenizer_digest(folder: Path) -> str | None:
    """Return the sha256 of token-to-id pairs or of a binary vocabulary; None without either.

    Settings such as padding and truncation are not part of it, since fine-tuning changes them.
    """
    pairs = _pairs(folder)
    if pairs:
        return hashlib.sha256(json.dumps(sorted(pairs.items())).encode()).hexdigest()
    for name in _BINARY:
        if (folder / name).is_file():
            return file_sha256(folder / name)
    return None


def _pairs(folder: Path) -> dict[str, int]:
    if (folder / "tokenizer.json").is_file():
        content = read_json(folder / "tokenizer.json")
        added = {t["content"]: t["id"] for t in content.get("added_tokens") or ()}
        return _model_pairs(content.get("model", {}).get("vocab")) | added
    if (folder / "vocab.json").is_file():
        added_file = folder / "added_tokens.json"
        added = read_json(added_file) if added_file.is_file() else {}
        return read_json(folder / "vocab.json") | added
    if (folder / "vocab.txt").is_file():
        lines = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
        return {token: i for i, token in enumerate(lines)}
    return {}


def _model_pairs(vocabulary: Any) -> dict[str, int]:
    """Return the pairs of a mapping, or of a unigram model's list of [token, score]."""
    if isinstance(vocabulary, list):
        return {str(pair[0]): i for i, pair in enumerate(vocabulary)}
    return dict(vocabulary or {})


WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
ADAPTER: Final = "adapter_model.safetensors"
PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt")

_SIZES = (
    "hidden_size", "hidden_sizes", "dim", "n_embd", "embed_dim", "num_hidden_layers", "n_layer",
    "n_layers", "num_attention_heads", "n_head", "n_heads", "intermediate_size", "vocab_size",
    "image_size", "patch_size", "max_position_embeddings", "n_positions",
)  # fmt: skip
"""Keys of config.json that an architecture signature shows."""


FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})
"""Types of weights that are whole. Any other one is quantised: it needs scales to be a weight."""


class Header(NamedTuple):
    """Shape and dtype of a stored tensor; the dtype is that of safetensors, such as `F32`."""

    shape: tuple[int, ...]
    dtype: str


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """The content of a folder of weights.

    Attributes:
        folder: The folder, or the file if it is a single safetensors file.
        config: `config.json`; empty without one.
        adapter: `adapter_config.json` of an adapter, else None.
        tensors: Header of every tensor, by name.
        files: The safetensors file that holds each tensor.
        stored: Names in the files, of the tensors that `unwrapped` has renamed.
    """

    folder: Path
    config: Mapping[str, Any]
    adapter: Mapping[str, Any] | None
    tensors: Mapping[str, Header]
    files: Mapping[str, Path]
    stored: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_adapter(self) -> bool:
        """True if this is an adapter in PEFT's format instead of a model."""
        return self.adapter is not None

    @property
    def n_parameters(self) -> int:
        """Number of entries of all tensors."""
        return sum(math.prod(header.shape) for header in self.tensors.values())

    @cached_property
    def sha256(self) -> str:
        """Digest of the weight file, or of the names and digests of several files."""
        shards = {path.name: file_sha256(path) for path in set(self.files.values())}
        if len(shards) == 1:
            return next(iter(shards.values()))
        return hashlib.sha256(json.dumps(shards, sort_keys=True).encode()).hexdigest()

    @cached_property
    def tokenizer_sha256(self) -> str | None:
        """Digest of the tokenizer's vocabulary in any format; None without a tokenizer."""
        return tokenizer_digest(self.folder) if self.folder.is_dir() else None


def open_checkpoint(folder: Path) -> Checkpoint:
    """Open the checkpoint in a folder, or a single safetensors file.

    A folder has `model.safetensors`, shards and their index, or an adapter in PEFT's format.

    Raises:
        MissingDataError: If it has no weights.
        IntegrityError: If weights are pickles, damaged, or stored outside the folder.
    """
    if folder.is_file():
        return _checkpoint(folder, {"": folder}, config={}, adapter=None)
    whole, index, adapter = folder / WEIGHTS, folder / INDEX, folder / ADAPTER
    if adapter.is_file() and (whole.is_file() or index.is_file()):
        raise IntegrityError(
            f"`{folder}` must contain a model or an adapter. Found both `{ADAPTER}` and "
            f"`{WEIGHTS}`. "
            "Move the adapter to a folder of its own."
        )
    if adapter.is_file():
        about = read_json(folder / "adapter_config.json")
        return _checkpoint(folder, {"": adapter}, config=_config(folder), adapter=about)
    if whole.is_file():
        return _checkpoint(folder, {"": whole}, config=_config(folder), adapter=None)
    if index.is_file():
        return _checkpoint(folder, _shards(index), config=_config(folder), adapter=None)
    raise _no_weights(folder)


def signature(checkpoint: Checkpoint) -> str:
    """Return the architecture in one line: type, sizes, digest of names and shapes."""
    config = checkpoint.config
    parts = [f"{key}={config[key]}" for key in _SIZES if key in config]
    shapes = sorted((name, list(header.shape)) for name, header in checkpoint.tensors.items())
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()[:12]
    kind = str(config.get("model_type", "tensors"))
    if checkpoint.adapter is not None:
        kind = str(checkpoint.adapter.get("peft_type", "adapter")).lower()
    return f"{kind} {' '.join([*parts, f'{len(shapes)} tensors {digest}'])}"


def unwrapped_names(names: Iterable[str]) -> dict[str, str]:
    """Return each name as it is in a model that is neither compiled nor parallel.

    >>> unwrapped_names(["module._orig_mod.a.weight", "module._orig_mod.b.weight"])
    {'module._orig_mod.a.weight': 'a.weight', 'module._orig_mod.b.weight': 'b.weight'}
    """
    found = {n: ".".join(part for part in n.split(".") if part != _COMPILED) for n in names}
    if found and all(new.startswith(_PARALLEL) for new in found.values()):
        found = {old: new.removeprefix(_PARALLEL) for old, new in found.items()}
    return found


_COMPILED: Final = "_orig_mod"  # what torch.compile calls the module that it wraps
_PARALLEL: Final = "module."  # what DataParallel and DDP call it


def unwrapped(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint without the names that wrappers of torch put before those of the model.

    `state_dict()` of a compiled or of a parallel model has them, `save_pretrained` does not.

    Raises:
        IntegrityError: If two tensors have one name without them.
    """
    names = unwrapped_names(checkpoint.tensors)
    stored = {new: old for old, new in names.items()}
    for old, new in names.items():
        if stored[new] != old:
            raise IntegrityError(
                f"`{checkpoint.folder}` must contain every tensor once. Found `{old}` and "
                f"`{stored[new]}`, which are the same parameter. Save the model again."
            )
    return replace(
        checkpoint,
        tensors={new: checkpoint.tensors[old] for new, old in stored.items()},
        files={new: checkpoint.files[old] for new, old in stored.items()},
        stored={new: old for new, old in stored.items() if new != old},
    )


_PROBED = 20  # names whose prefixes are tried: a model has at most two prefixes


def stored_names(stored: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """Return the stored name of each of `names` that is stored, in the order of `names`.

    A model with a head has its backbone under a prefix (`vit.`, `transformer.`) that a backbone
    alone lacks. The one prefix that finds most names when added or removed is used for all.

    >>> stored_names(["h.0.weight", "h.1.weight"], ["transformer.h.0.weight"])
    {'transformer.h.0.weight': 'h.0.weight'}
    """
    known = set(stored)
    best: dict[str, str] = {}
    for add, drop in _prefixes(known, names):
        found = {
            name: add + name.removeprefix(drop)
            for name in names
            if name.startswith(drop) and add + name.removeprefix(drop) in known
        }
        if len(found) > len(best):
            best = found
    return best


def _prefixes(known: set[str], names: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of a prefix to add and one to remove; no change comes first."""
    pairs = [("", "")]
    for name in names[:_PROBED]:
        ending = f".{name}"
        pairs += [(other[: -len(name)], "") for other in sorted(known) if other.endswith(ending)]
        root = name.partition(".")[0] + "."
        pairs += [("", root)] if name.removeprefix(root) in known else []
    return list(dict.fromkeys(pairs))


def _config(folder: Path) -> Mapping[str, Any]:
    path = folder / "config.json"
    return read_json(path) if path.is_file() else {}


def _shards(index: Path) -> dict[str, Path]:
    """Return the shard of each tensor; a shard must be a file in the folder of the index."""
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise IntegrityError(
            f"`{index}` must have a `weight_map` of names to files. Found none. Download it again."
        )
    for shard in names.values():
        if not isinstance(shard, str) or Path(shard).name != shard or "\\" in shard:
            raise IntegrityError(
                f"`{index}` must name files in its own folder. Found `{shard}`. "
                "Do not use a checkpoint that reaches outside its folder."
            )
        if not shard.endswith(".safetensors"):
            raise IntegrityError(
                f"`{index}` must name safetensors files. Found `{shard}`. "
                "Save the model again with `save_pretrained`."
            )
    return {name: index.with_name(shard) for name, shard in names.items()}


def _checkpoint(
    folder: Path,
    files: Mapping[str, Path],
    *,
    config: Mapping[str, Any],
    adapter: Mapping[str, Any] | None,
) -> Checkpoint:
    """Read headers; `files` maps each tensor to its file, or '' to the file of all tensors."""
    headers = {path: _headers(path) for path in dict.fromkeys(files.values())}
    where = {name: path for path, found in headers.items() for name in found}
    tensors = {name: header for found in headers.values() for name, header in found.items()}
    lacking = [n for n, path in files.items() if n and n not in headers[path]]
    if lacking:
        raise IntegrityError(
            f"`{folder}` must contain all tensors its index names. Found no `{lacking[0]}`"
            f"{f' and {len(lacking) - 1} more' if lacking[1:] else ''}. Download it again."
        )
    return Checkpoint(folder=folder, config=config, adapter=adapter, tensors=tensors, files=where)


def _headers(path: Path) -> dict[str, Header]:
    try:
        with safe_open(path, "numpy") as file:
            return {name: _header(file.get_slice(name)) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise IntegrityError(
            f"`{path}` must be a valid safetensors file. Found {_kind(path)}: {error}. "
            "Download it again, or save the model again with `save_pretrained`."
        ) from error


def _header(tensor: Any) -> Header:
    return Header(shape=tuple(tensor.get_shape()), dtype=str(tensor.get_dtype()))


def _kind(path: Path) -> str:
    """Return what a file is instead, judged by its first bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
    except OSError:
        return "no readable file"
    if start.startswith((b"PK", b"\x80")):
        return "a pickle, which could run code when it is loaded"
    return "another or damaged file"


def _no_weights(folder: Path) -> Exception:
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if not pickles:
        return MissingDataError(
            f"`{folder}` must contain `{WEIGHTS}`, its shards, or `{ADAPTER}`. "
            "Found none. Correct the path."
        )
    return IntegrityError(
        f"`{folder}` must contain weights as safetensors. Found only `{pickles[0]}`, a pickle, "
        "which could run code when it is loaded. If you trust it, convert it: load it with "
        "transformers and call `model.save_pretrained(folder)`, which writes safetensors."
    )
