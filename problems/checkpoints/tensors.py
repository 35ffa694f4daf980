"""Weights of checkpoints as float32 tensors, experts as task vectors, and names across formats."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch
from safetensors import safe_open
from torch import Tensor

from ...errors import IntegrityError
from ..layout import Layout
from .adapters import AdapterPlan, Update, plan_adapter
from .checkpoint import Checkpoint, stored_names


def read_tensors(checkpoint: Checkpoint, names: Sequence[str]) -> dict[str, Tensor]:
    """These tensors as float32, each file opened once.

    Raises:
        IntegrityError: If the checkpoint has no tensor of a name.
    """
    by_file = defaultdict(list)
    for name in names:
        if name not in checkpoint.files:
            raise IntegrityError(f"`{checkpoint.folder}` must hold `{name}`. Found no such tensor.")
        by_file[checkpoint.files[name]].append(name)
    found: dict[str, Tensor] = {}
    for path, inside in by_file.items():
        with safe_open(path, "pt") as file:
            found |= {name: file.get_tensor(name).to(torch.float32) for name in inside}
    return {name: found[name] for name in names}


def task_vector(base: Checkpoint, expert: Checkpoint, layout: Layout) -> Tensor:
    """`(P,)` expert minus base in the order of a layout; of a LoRA adapter, scale * B A.

    Prefixes that a backbone has inside a model with a head are found by themselves.

    Raises:
        IntegrityError: If a tensor is missing or has another shape, or an adapter changes
            something that the layout lacks.
    """
    places = layout_names(base, layout)
    old = read_tensors(base, list(places.values()))
    if expert.is_adapter:
        new = _adapted(base, expert, set(places.values()), old)
    else:
        own = layout_names(expert, layout)
        read = read_tensors(expert, list(own.values()))
        new = {places[name]: read[own[name]] for name in layout.names}
    pieces = [(new[places[n]] - old[places[n]]).reshape(-1) for n in layout.names]
    return torch.cat(pieces)


def read_flat(checkpoint: Checkpoint, layout: Layout) -> Tensor:
    """`(P,)` weights in the order of a layout."""
    places = layout_names(checkpoint, layout)
    tensors = read_tensors(checkpoint, list(places.values()))
    return torch.cat([tensors[places[name]].reshape(-1) for name in layout.names])


def layout_names(checkpoint: Checkpoint, layout: Layout) -> dict[str, str]:
    """Under which name a checkpoint stores each tensor of a layout.

    Raises:
        IntegrityError: If it lacks one, or has it in another shape.
    """
    places = stored_names(checkpoint.tensors, layout.names)
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        found = checkpoint.tensors[places[name]].shape if name in places else None
        if found != shape:
            raise IntegrityError(
                f"`{checkpoint.folder}` must hold `{name}` of shape {shape}. "
                f"Found {'no such tensor' if found is None else found}."
            )
    return places


def apply_plan(
    plan: AdapterPlan, adapter: Checkpoint, tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The base's `tensors` after the updates of a plan, and the heads it brings."""
    stored = read_tensors(adapter, list(adapter.tensors))
    found = dict(tensors)
    for name, updates in plan.updates.items():
        for update in reversed(updates):  # a replacement is what others are added to
            found[name] = _apply(update, found[name], stored)
    return found | {name: stored[saved] for name, saved in plan.heads.items()}


def _adapted(
    base: Checkpoint, adapter: Checkpoint, inside: set[str], old: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The tensors `old` of a layout, adapted; low-rank changes must be of these only."""
    shapes = {name: header.shape for name, header in base.tensors.items()}
    plan = plan_adapter(adapter, shapes, model_type=str(base.config.get("model_type", "")))
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
