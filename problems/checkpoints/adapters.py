"""LoRA adapters in PEFT's format, as what they add to the weights of a base model."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, final

from ...errors import IntegrityError
from .checkpoint import Checkpoint, stored_names

_LOW_RANK = re.compile(
    r"(?P<module>.+)\.(?:lora_A(?:\.[^.]+)?\.weight|lora_B(?:\.[^.]+)?\.(?P<what>weight|bias)"
    r"|lora_embedding_(?P<embedding>[AB])(?:\.[^.]+)?)"
)
_CONV1D: Final = frozenset({"gpt2", "openai-gpt", "imagegpt", "decision_transformer"})
"""Model types whose linear layers store `(in, out)` weights."""

_REFUSED: Final = {
    "use_dora": "magnitudes (DoRA) are no addition to the weights",
    "layer_replication": "layers are repeated that the base has once",
    "trainable_token_indices": "single tokens were trained",
    "target_parameters": "adapted parameters are not modules",
    "use_qalora": "matrices act on pooled inputs (QA-LoRA)",
    "alora_invocation_tokens": "the adapter acts after certain tokens only",
}
"""Settings under which an adapter is not a dense addition to the weights, and why."""

_KEEP_BASE: Final = (True, False, None, "gaussian", "eva", "orthogonal")
"""Initialisations that leave the base model's weights as they are."""


@final
@dataclass(frozen=True, kw_only=True)
class Update:
    """What happens to one tensor of the base.

    With `a` and `b`, names of stored matrices: `scale * b @ a` is added, transposed if asked.
    With `b` alone, `scale * b` is added; with `replacement`, that tensor takes its place.
    """

    a: str | None = None
    b: str | None = None
    scale: float = 1.0
    transposed: bool = False
    replacement: str | None = None


@final
@dataclass(frozen=True, kw_only=True)
class AdapterPlan:
    """Every tensor of an adapter, accounted for.

    Attributes:
        updates: By the name of the base's tensor.
        heads: Stored tensors of saved modules that the base lacks, such as a classifier, by the
            name they have in the model.
    """

    updates: Mapping[str, tuple[Update, ...]]
    heads: Mapping[str, str]


def plan_adapter(
    adapter: Checkpoint, shapes: Mapping[str, tuple[int, ...]], *, model_type: str = ""
) -> AdapterPlan:
    """What a LoRA adapter does to a base model with tensors of these `shapes`.

    Args:
        adapter: A checkpoint with `is_lora`.
        shapes: Of all tensors of the base, by name.
        model_type: The base's, as transformers calls it.

    Raises:
        IntegrityError: If a tensor of the adapter has no place in the base, or the adapter is not
            a dense addition to weights.

    Source: the checkpoint format of PEFT 0.21, https://huggingface.co/docs/peft.
    """
    _check_kind(adapter)
    updates = _updates(adapter, model_type)
    places = stored_names(shapes, list(updates))
    found: dict[str, tuple[Update, ...]] = {}
    heads: dict[str, str] = {}
    for name, parts in updates.items():
        whole, place = parts[-1].replacement, places.get(name)
        head = whole is not None and _is_saved_module(adapter, name)
        if head and (place is None or shapes[place] != adapter.tensors[str(whole)].shape):
            heads[name] = str(whole)
        elif place is None:
            raise _refused(adapter, f"`{name}`, which the base lacks", "Name the adapter's base")
        else:
            found[place] = tuple(_fitted(adapter, part, place, shapes[place]) for part in parts)
    return AdapterPlan(updates=found, heads=heads)


def _check_kind(adapter: Checkpoint) -> None:
    config = adapter.adapter or {}
    if config.get("peft_type") != "LORA":
        raise _refused(adapter, f"peft_type {config.get('peft_type')!r}", "Merge it with PEFT")
    for key, reason in _REFUSED.items():
        if config.get(key):
            raise _refused(adapter, f"`{key}`: {reason}", "Merge it with PEFT")
    if config.get("init_lora_weights") not in _KEEP_BASE:
        raise _refused(
            adapter,
            f"`init_lora_weights` {config['init_lora_weights']!r}, which alters the base model",
            "Convert it with PEFT's `path_initial_model_for_weight_conversion`",
        )


def _updates(adapter: Checkpoint, model_type: str) -> dict[str, list[Update]]:
    """By the model's name of the tensor, without PEFT's prefix; a replacement comes last."""
    config = adapter.adapter or {}
    transposed = bool(config.get("fan_in_fan_out")) or model_type in _CONV1D
    found: dict[str, list[Update]] = {}
    for stored in adapter.tensors:
        name = stored.removeprefix("base_model.model.").replace(".base_layer.", ".")
        match = _LOW_RANK.fullmatch(name)
        if match is None:
            if ".lora_" in name:
                raise _refused(adapter, f"`{stored}`, no matrix of LoRA", "Merge it with PEFT")
            name = name.replace(".modules_to_save.", ".")
            found.setdefault(name, []).append(Update(replacement=stored))
        elif match["what"] or match["embedding"] == "B":
            update = _low_rank(adapter, stored, match, transposed=transposed)
            found.setdefault(f"{match['module']}.{match['what'] or 'weight'}", []).insert(0, update)
        else:
            _require(adapter, stored, re.sub(r"lora_(embedding_)?A", r"lora_\1B", stored))
    return found


def _low_rank(
    adapter: Checkpoint, stored: str, match: re.Match[str], *, transposed: bool
) -> Update:
    """The update that a stored B, or its bias, is the second half of."""
    a = re.sub(r"lora_(embedding_)?B", r"lora_\1A", stored)
    if match["what"] == "bias":
        a = a.removesuffix("bias") + "weight"
    _require(adapter, stored, a)
    rank = adapter.tensors[a].shape[0]
    scale = _scale(adapter, match["module"], rank)
    if match["what"] == "bias":
        return Update(b=stored, scale=scale)
    return Update(a=a, b=stored, scale=scale, transposed=transposed or bool(match["embedding"]))


def _require(adapter: Checkpoint, stored: str, other: str) -> None:
    if other not in adapter.tensors:
        raise _refused(adapter, f"`{stored}` without `{other}`", "Save the adapter anew")


def _scale(adapter: Checkpoint, module: str, rank: int) -> float:
    """What a module's matrices are multiplied by: alpha / r; rank-stabilised, alpha / sqrt(r)."""
    config = adapter.adapter or {}
    alpha = _of_module(config.get("alpha_pattern"), module, config.get("lora_alpha"))
    stated = _of_module(config.get("rank_pattern"), module, config.get("r"))
    if stated != rank or not isinstance(alpha, int | float):
        found = f"`{module}` of rank {rank} where r is {stated} and alpha {alpha}"
        raise _refused(adapter, found, "Save the adapter anew")
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _of_module(pattern: Mapping[str, Any] | None, module: str, default: Any) -> Any:
    """The value of the first pattern that ends the module's name."""
    for key, value in (pattern or {}).items():
        if re.fullmatch(rf"(.*\.)?({key})", module):
            return value
    return default


def _is_saved_module(adapter: Checkpoint, name: str) -> bool:
    saved = (adapter.adapter or {}).get("modules_to_save") or ()
    return any(module in name.split(".") for module in saved)


def _fitted(adapter: Checkpoint, update: Update, name: str, shape: tuple[int, ...]) -> Update:
    """The update, which must have the shape of its place; turned where only that way it fits."""
    if update.a is None:
        made = adapter.tensors[update.replacement or str(update.b)].shape
        return update if made == shape else _misfit(adapter, name, made, shape)
    a, b = adapter.tensors[update.a].shape, adapter.tensors[str(update.b)].shape
    if len(b) != len(a) or b[1] != a[0] or any(n != 1 for n in b[2:]):
        found = f"matrices {a} and {b} of `{name}`, as of grouped layers"
        raise _refused(adapter, found, "Merge it with PEFT")
    made = (b[0], *a[1:])
    turned = made[::-1] if len(made) == 2 else None
    if made == shape and not (update.transposed and turned == shape):
        return replace(update, transposed=False)
    if turned == shape:
        return replace(update, transposed=True)
    return _misfit(adapter, name, made, shape)


def _misfit(
    adapter: Checkpoint, name: str, made: tuple[int, ...], shape: tuple[int, ...]
) -> NoReturn:
    found = f"{made} for `{name}`, which is {shape} in the base"
    raise _refused(adapter, found, "Name the adapter's base")


def _refused(adapter: Checkpoint, found: str, mend: str) -> IntegrityError:
    return IntegrityError(
        f"Adapter `{adapter.folder}` must be dense additions to the base model's weights. "
        f"Found {found}. {mend}."
    )
