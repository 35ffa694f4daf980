"""Weights of checkpoints as float32 tensors, and experts as task vectors."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import torch
from safetensors import safe_open
from torch import Tensor

from ...errors import IntegrityError
from ..layout import Layout
from .adapters import AdapterPlan, Update, plan_adapter
from .checkpoint import FLOATS, Checkpoint, stored_names


def read_tensors(checkpoint: Checkpoint, names: Sequence[str]) -> dict[str, Tensor]:
    """Return these tensors as float32; each file is opened once.

    Raises:
        IntegrityError: If the checkpoint lacks a tensor.
    """
    by_file = defaultdict(list)
    for name in names:
        if name not in checkpoint.files:
            raise IntegrityError(
                f"`{checkpoint.folder}` must contain `{name}`. Found no such tensor."
            )
        by_file[checkpoint.files[name]].append(name)
    found: dict[str, Tensor] = {}
    for path, inside in by_file.items():
        with safe_open(path, "pt") as file:
            for name in inside:
                stored = checkpoint.stored.get(name, name)
                found[name] = file.get_tensor(stored).to(torch.float32)
    return {name: found[name] for name in names}


def check_equal(checkpoint: Checkpoint, one: str, other: str) -> None:
    """Check that two names of one parameter hold the same values; only these two are read.

    Raises:
        IntegrityError: If they differ, since one of them would win silently.
    """
    found = read_tensors(checkpoint, [one, other])
    if not torch.equal(found[one], found[other]):
        raise IntegrityError(
            f"`{checkpoint.folder}` must contain one value of every parameter. Found different "
            f"ones in `{one}` and `{other}`, which are two names of one parameter. Delete the "
            "wrong one."
        )


def check_whole(checkpoint: Checkpoint, names: Iterable[str]) -> None:
    """Check that weights are stored as floats of 16 bits or more.

    Raises:
        IntegrityError: If they are quantised: their numbers are no weights without their scales.
    """
    for name in names:
        dtype = checkpoint.tensors[name].dtype
        if dtype not in FLOATS:
            raise IntegrityError(
                f"`{checkpoint.folder}` must contain weights as floats of 16 bits or more. Found "
                f"`{name}` as {dtype}: the checkpoint is quantised. Load it, dequantise it, and "
                "save it again."
            )


def task_vector(pretrained: Checkpoint, expert: Checkpoint, layout: Layout) -> Tensor:
    """Return the task vector `(P,)` in the order of a layout; scale * B A for plain LoRA.

    Prefixes of a backbone inside a model with a head are found automatically.

    Raises:
        IntegrityError: If a tensor is missing or has the wrong shape, or an adapter changes
            something that the layout lacks.
    """
    places = layout_names(pretrained, layout)
    old = read_tensors(pretrained, list(places.values()))
    if expert.is_adapter:
        new = _adapted(pretrained, expert, set(places.values()), old)
    else:
        own = layout_names(expert, layout)
        read = read_tensors(expert, list(own.values()))
        new = {places[name]: read[own[name]] for name in layout.names}
    pieces = [(new[places[n]] - old[places[n]]).reshape(-1) for n in layout.names]
    return torch.cat(pieces)


def read_flat(checkpoint: Checkpoint, layout: Layout) -> Tensor:
    """Return the weights `(P,)` in the order of a layout."""
    places = layout_names(checkpoint, layout)
    tensors = read_tensors(checkpoint, list(places.values()))
    return torch.cat([tensors[places[name]].reshape(-1) for name in layout.names])


def layout_names(checkpoint: Checkpoint, layout: Layout) -> dict[str, str]:
    """Return the stored name of each tensor of a layout.

    Raises:
        IntegrityError: If a tensor is missing or has the wrong shape.
    """
    places = stored_names(checkpoint.tensors, layout.names)
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        found = checkpoint.tensors[places[name]].shape if name in places else None
        if found != shape:
            raise IntegrityError(
                f"`{checkpoint.folder}` must contain `{name}` of shape {shape}. "
                f"Found {'no such tensor' if found is None else found}."
            )
    return places


def apply_plan(
    plan: AdapterPlan, adapter: Checkpoint, tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return `tensors` after the updates of a plan, with the heads that it adds."""
    stored = read_tensors(adapter, list(adapter.tensors))
    found = dict(tensors)
    for name, updates in plan.updates.items():
        for update in reversed(updates):  # low-rank updates add to a replacement, so it comes first
            found[name] = _apply(update, found[name], stored)
    return found | {name: stored[saved] for name, saved in plan.heads.items()}


def _adapted(
    pretrained: Checkpoint, adapter: Checkpoint, inside: set[str], old: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the merged tensors `old` after the adapter, which must change no others."""
    shapes = {name: header.shape for name, header in pretrained.tensors.items()}
    plan = plan_adapter(adapter, shapes, model_type=str(pretrained.config.get("model_type", "")))
    outside = [n for n, u in plan.updates.items() if n not in inside and u[0].replacement is None]
    outside += stored_names(inside, list(plan.heads)).values()
    if outside:
        raise IntegrityError(
            f"Adapter `{adapter.folder}` must change merged tensors only. Found `{outside[0]}`. "
            "Merge it into a whole model with PEFT's `merge_and_unload`."
        )
    kept = {name: update for name, update in plan.updates.items() if name in inside}
    return apply_plan(AdapterPlan(updates=kept, heads={}), adapter, old)


def _apply(update: Update, tensor: Tensor, stored: Mapping[str, Tensor]) -> Tensor:
    if update.replacement is not None:
        return stored[update.replacement]
    b = stored[str(update.b)]
    if update.a is None:
        return tensor + update.scale * b
    a = stored[update.a]
    delta = update.scale * (b.flatten(1) @ a.flatten(1))
    return tensor + (delta.T if update.transposed else delta).reshape(tensor.shape)
