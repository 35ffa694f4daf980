"""Adapters in PEFT's format, merged into the weights of a pretrained model.

Plain LoRA is a sum of dense updates. `plan_adapter` finds them from headers alone, so that a
preflight can check an adapter without loading weights, and computing them needs no PEFT. Every
other kind (DoRA, IA3, LoHa ...) is merged by PEFT itself, in `merge_with_peft`.
"""

import importlib
import importlib.util
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, final

from ...errors import IntegrityError, MissingDataError
from .checkpoint import Checkpoint, stored_names

_LOW_RANK = re.compile(
    r"(?P<module>.+)\.(?:lora_A(?:\.[^.]+)?\.weight|lora_B(?:\.[^.]+)?\.(?P<what>weight|bias)"
    r"|lora_embedding_(?P<embedding>[AB])(?:\.[^.]+)?)"
)
_CONV1D: Final = frozenset({"gpt2", "openai-gpt", "imagegpt", "decision_transformer"})
"""Model types whose linear layers store weights as `(in, out)`."""

_NOT_PLAIN: Final = {
    "use_dora": "magnitudes (DoRA) do not add to the weights",
    "layer_replication": "layers are repeated that the pretrained model has once",
    "trainable_token_indices": "single tokens were trained",
    "target_parameters": "adapted parameters are not modules",
    "use_qalora": "matrices act on pooled inputs (QA-LoRA)",
    "alora_invocation_tokens": "the adapter acts after certain tokens only",
}
"""Settings under which a LoRA adapter is not a dense addition to the weights, and why."""

_KEEP_WEIGHTS: Final = (True, False, None, "gaussian", "eva", "orthogonal")
"""Initialisations of LoRA that leave the pretrained weights as they are."""

_NOT_MERGEABLE: Final = frozenset(
    {"PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING", "ADAPTION_PROMPT"}
    | {"XLORA", "POLY", "CPT", "CARTRIDGE"}
)
"""Kinds whose effect depends on the input, so that no weights are equal to them."""

_UNMERGEABLE_SETTINGS: Final = ("alora_invocation_tokens", "layer_replication", "use_qalora")
"""Settings of LoRA for which PEFT has no merged weights of the pretrained model's shapes either."""


@final
@dataclass(frozen=True, kw_only=True)
class Update:
    """The change of one tensor of the pretrained model.

    With `a` and `b`, names of stored matrices: `scale * b @ a` is added, transposed if requested.
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
    """The place of every tensor of an adapter.

    Attributes:
        updates: Updates by the name of the tensor in the pretrained model.
        heads: Stored tensors of saved modules, such as a classifier, that the pretrained model
            lacks, by their name in the model.
    """

    updates: Mapping[str, tuple[Update, ...]]
    heads: Mapping[str, str]


def not_plain(adapter: Checkpoint) -> str | None:
    """Return why an adapter is not plain LoRA, or None if it is."""
    config = adapter.adapter or {}
    if config.get("peft_type") != "LORA":
        return f"peft_type {config.get('peft_type')!r}"
    for key, reason in _NOT_PLAIN.items():
        if config.get(key):
            return f"`{key}`: {reason}"
    if config.get("init_lora_weights") not in _KEEP_WEIGHTS:
        kind = config["init_lora_weights"]
        return f"`init_lora_weights` {kind!r}, which alters the pretrained weights"
    return None


def check_mergeable(adapter: Checkpoint) -> None:
    """Check that `merge_with_peft` can be called; PEFT is not imported.

    Raises:
        IntegrityError: If no weights are equal to the adapter.
        MissingDataError: If PEFT is not installed.
    """
    config = adapter.adapter or {}
    kind = str(config.get("peft_type"))
    found = [key for key in _UNMERGEABLE_SETTINGS if config.get(key)]
    if kind in _NOT_MERGEABLE or found:
        raise IntegrityError(
            f"Adapter `{adapter.folder}` must be equal to some dense weights. Found "
            f"{f'`{found[0]}`' if found else kind}. Use another kind of adapter, such as LoRA."
        )
    if importlib.util.find_spec("peft") is None:
        raise MissingDataError(
            f"Adapter `{adapter.folder}` needs PEFT, which merges it. Found {not_plain(adapter)}, "
            "and PEFT is not installed. Use `pip install 'fusefront[peft]'`."
        )


def merge_with_peft(model: Any, adapter: Checkpoint) -> Any:
    """Return a model of transformers with an adapter merged into it; the model is altered.

    Weights are read from safetensors here, not by PEFT, which would fall back to pickles and to the
    network.

    Raises:
        IntegrityError: If the adapter does not fit the model.
        MissingDataError: If PEFT is not installed.
    """
    check_mergeable(adapter)
    from safetensors.torch import load_file

    peft: Any = importlib.import_module("peft")
    (path,) = set(adapter.files.values())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on training; what matters is checked below
            config = peft.PeftConfig.from_peft_type(**dict(adapter.adapter or {}))
            config.inference_mode = True
            config.base_model_name_or_path = None
            wrapped = peft.get_peft_model(model, config)
            loaded = peft.set_peft_model_state_dict(wrapped, load_file(path))
            _check_complete(adapter, wrapped, loaded)
            return wrapped.merge_and_unload(safe_merge=True)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, IntegrityError):
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise IntegrityError(
            f"Adapter `{adapter.folder}` must fit the pretrained model. Found, by PEFT: {lines[0]} "
            "Name the model that it was trained on."
        ) from error


def _check_complete(adapter: Checkpoint, wrapped: Any, loaded: Any) -> None:
    """Check that every stored tensor has a place, and every place of the adapter a tensor.

    PEFT drops the former silently and leaves the latter at their initial values.
    """
    prefix = importlib.import_module("peft.mapping").PEFT_TYPE_TO_PREFIX_MAPPING
    own = prefix.get(wrapped.peft_config["default"].peft_type, "")
    missing = [n for n in loaded.missing_keys if own in n or ".modules_to_save." in n]
    if loaded.unexpected_keys or missing:
        found = [*(f"no place for `{n}`" for n in loaded.unexpected_keys)]
        found += [f"no tensor for `{n}`" for n in missing]
        more = f" and {len(found) - 1} more" if found[1:] else ""
        raise IntegrityError(
            f"Adapter `{adapter.folder}` must fit the pretrained model. Found {found[0]}{more}. "
            "Name the model that it was trained on."
        )


def plan_adapter(
    adapter: Checkpoint, shapes: Mapping[str, tuple[int, ...]], *, model_type: str = ""
) -> AdapterPlan:
    """Return what a plain LoRA adapter does to a model with tensors of the given `shapes`.

    Args:
        adapter: A checkpoint with `is_adapter`.
        shapes: Shapes of all tensors of the pretrained model, by name.
        model_type: The model's type, as transformers calls it.

    Raises:
        IntegrityError: If a tensor of the adapter has no place in the model, or the adapter is not
            plain LoRA.

    Source: the checkpoint format of PEFT 0.21, https://huggingface.co/docs/peft.
    """
    reason = not_plain(adapter)
    if reason is not None:
        raise _refused(adapter, reason, "Merge it with PEFT's `merge_and_unload`")
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
            raise _refused(
                adapter,
                f"`{name}`, which the pretrained model lacks",
                "Name the model that the adapter was trained on",
            )
        else:
            found[place] = tuple(_fitted(adapter, part, place, shapes[place]) for part in parts)
    return AdapterPlan(updates=found, heads=heads)


def _updates(adapter: Checkpoint, model_type: str) -> dict[str, list[Update]]:
    """Return updates by the name of the tensor without PEFT's prefix, replacements last."""
    config = adapter.adapter or {}
    transposed = bool(config.get("fan_in_fan_out")) or model_type in _CONV1D
    found: dict[str, list[Update]] = {}
    for stored in adapter.tensors:
        name = stored.removeprefix("base_model.model.").replace(".base_layer.", ".")
        match = _LOW_RANK.fullmatch(name)
        if match is None:
            if ".lora_" in name:
                raise _refused(
                    adapter, f"`{stored}`, which is not a LoRA matrix", "Merge it with PEFT"
                )
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
    """Return the update made of a stored B, or of its bias, and the A that belongs to it."""
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
        raise _refused(adapter, f"`{stored}` without `{other}`", "Save the adapter again")


def _scale(adapter: Checkpoint, module: str, rank: int) -> float:
    """Return the scale of a module's update: alpha / r, or alpha / sqrt(r) if rank-stabilised."""
    config = adapter.adapter or {}
    alpha = _of_module(config.get("alpha_pattern"), module, config.get("lora_alpha"))
    stated = _of_module(config.get("rank_pattern"), module, config.get("r"))
    if stated != rank or not isinstance(alpha, int | float):
        found = f"`{module}` of rank {rank}, but r is {stated} and alpha {alpha}"
        raise _refused(adapter, found, "Save the adapter again")
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _of_module(pattern: Mapping[str, Any] | None, module: str, default: Any) -> Any:
    """Return the value of the first pattern that matches the end of the module's name."""
    for key, value in (pattern or {}).items():
        if re.fullmatch(rf"(.*\.)?({key})", module):
            return value
    return default


def _is_saved_module(adapter: Checkpoint, name: str) -> bool:
    saved = (adapter.adapter or {}).get("modules_to_save") or ()
    return any(module in name.split(".") for module in saved)


def _fitted(adapter: Checkpoint, update: Update, name: str, shape: tuple[int, ...]) -> Update:
    """Return the update in the shape of its tensor: transposed if it fits only that way."""
    if update.a is None:
        made = adapter.tensors[update.replacement or str(update.b)].shape
        return update if made == shape else _misfit(adapter, name, made, shape)
    a, b = adapter.tensors[update.a].shape, adapter.tensors[str(update.b)].shape
    if len(b) != len(a) or b[1] != a[0] or any(n != 1 for n in b[2:]):
        found = f"matrices {a} and {b} of `{name}`, as in grouped layers"
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
    found = f"{made} for `{name}`, which is {shape} in the pretrained model"
    raise _refused(adapter, found, "Name the model that the adapter was trained on")


def _refused(adapter: Checkpoint, found: str, fix: str) -> IntegrityError:
    return IntegrityError(
        f"Adapter `{adapter.folder}` must be plain LoRA that fits the pretrained model. "
        f"Found {found}. {fix}."
    )
