"""Differences that forbid merging an expert into a pretrained model, found in headers."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from ...errors import IntegrityError
from .adapters import not_plain, plan_adapter
from .checkpoint import FLOATS, Checkpoint, Header, stored_names

Kind = Literal[
    "architecture", "setting", "missing", "unexpected", "shape", "dtype", "vocabulary", "tokenizer",
    "adapter",
]  # fmt: skip

_SETTINGS: Final = (
    "hidden_act", "activation_function", "activation", "num_attention_heads", "n_head", "n_heads",
    "num_heads", "num_key_value_heads", "layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps",
    "image_size", "patch_size", "position_embedding_type", "rope_theta",
)  # fmt: skip
"""Keys of config.json that change what the same weights compute."""

BUFFER: Final = re.compile(r"(.*\.)?(position_ids|token_type_ids|masked_bias|attn\.bias|inv_freq)")
"""Buffers that older files store beside weights, and that models now compute."""


class Mismatch(NamedTuple):
    """A difference between two checkpoints: its kind, one line, and whether it forbids merging."""

    kind: Kind
    line: str
    fatal: bool


def mismatches(pretrained: Checkpoint, expert: Checkpoint, names: Sequence[str]) -> list[Mismatch]:
    """Return the differences between a pretrained model and an expert.

    Args:
        pretrained: A complete model.
        expert: A complete model, or a LoRA adapter of the pretrained model.
        names: Merged tensors, as either of them calls them, with or without prefix.
    """
    found = settings_mismatches(pretrained, expert)
    if expert.is_adapter:
        return found + _adapter(pretrained, expert)
    ours, theirs = stored_names(pretrained.tensors, names), stored_names(expert.tensors, names)
    for name in names:
        found += _tensor(
            name, _header(pretrained, ours.get(name)), _header(expert, theirs.get(name))
        )
    return found + _unexpected(expert, theirs)


def settings_mismatches(pretrained: Checkpoint, expert: Checkpoint) -> list[Mismatch]:
    """Return the differences in model type, settings, vocabulary and tokenizer."""
    return [*_settings(pretrained, expert), *_words(pretrained, expert)]


def _settings(pretrained: Checkpoint, expert: Checkpoint) -> Iterator[Mismatch]:
    if not pretrained.config or not expert.config:
        return
    ours, theirs = pretrained.config.get("model_type"), expert.config.get("model_type")
    if ours != theirs:
        yield Mismatch(
            "architecture", f"model type {theirs}, but the pretrained model is {ours}", True
        )
        return
    for key in _SETTINGS:
        a, b = pretrained.config.get(key), expert.config.get(key)
        if a is not None and b is not None and a != b:
            yield Mismatch("setting", f"`{key}` {b}, but the pretrained model has {a}", True)


def _words(pretrained: Checkpoint, expert: Checkpoint) -> Iterator[Mismatch]:
    ours, theirs = pretrained.config.get("vocab_size"), expert.config.get("vocab_size")
    if ours is not None and theirs is not None and ours != theirs:
        yield Mismatch("vocabulary", f"{theirs} tokens, but the pretrained model has {ours}", True)
    ours, theirs = pretrained.tokenizer_sha256, expert.tokenizer_sha256
    if ours is not None and theirs is not None and ours != theirs:
        line = f"tokenizer {theirs[:12]}, but the pretrained model has {ours[:12]}"
        yield Mismatch("tokenizer", line, True)


def _adapter(pretrained: Checkpoint, expert: Checkpoint) -> list[Mismatch]:
    reason = not_plain(expert)
    if reason is not None:
        return [Mismatch("adapter", f"not a plain LoRA adapter: {reason}", True)]
    shapes = {name: header.shape for name, header in pretrained.tensors.items()}
    try:
        plan_adapter(expert, shapes, model_type=str(pretrained.config.get("model_type", "")))
    except IntegrityError as error:
        return [Mismatch("missing", str(error), True)]
    return []


def _header(checkpoint: Checkpoint, stored: str | None) -> Header | None:
    return None if stored is None else checkpoint.tensors[stored]


def _tensor(name: str, ours: Header | None, theirs: Header | None) -> Iterator[Mismatch]:
    if ours is None or theirs is None:
        where = "the pretrained model" if ours is None else "the expert"
        yield Mismatch("missing", f"`{name}` is not in {where}", True)
    elif ours.shape != theirs.shape:
        line = f"`{name}` is {theirs.shape}, but the pretrained model has {ours.shape}"
        yield Mismatch("shape", line, True)
    elif theirs.dtype not in FLOATS:
        line = f"`{name}` is {theirs.dtype}, so that the expert is quantised"
        yield Mismatch("dtype", line, True)
    elif ours.dtype != theirs.dtype:
        line = f"`{name}` is {theirs.dtype}, but the pretrained model has {ours.dtype}"
        yield Mismatch("dtype", line, False)


def _unexpected(expert: Checkpoint, places: dict[str, str]) -> list[Mismatch]:
    """Return tensors of the backbone that are not merged; heads are outside of it."""
    stored = set(places.values())
    roots = {name.partition(".")[0] for name in stored}
    return [
        Mismatch("unexpected", f"`{name}` is not merged", True)
        for name in expert.tensors
        if name not in stored and name.partition(".")[0] in roots and not BUFFER.fullmatch(name)
    ]
