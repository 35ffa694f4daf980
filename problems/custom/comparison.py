"""Comparison of models of transformers: parameters that are merged, missing or different."""

from typing import Any, Final

from ...errors import IntegrityError
from ..checkpoints.checkpoint import Checkpoint, stored_names
from ..checkpoints.comparison import BUFFER
from ..checkpoints.tensors import read_tensors
from ..layout import Layout
from .features import POOLER, classifier_name
from .loading import Loading

_SHOWN: Final = 3  # differences that are spelled out; the others are counted


def merged_names(model: Any, pooling: str) -> list[str]:
    """Return the parameters that are merged: all before the head, or those of hidden states."""
    names = [str(name) for name, _ in model.named_parameters()]
    if pooling == "classifier":
        head = f"{classifier_name(model)}."
        return [name for name in names if not name.startswith(head)]
    prefix = f"{model.base_model_prefix}."
    # Hidden states do not depend on the pooler, which many pretrained models lack.
    return [n for n in names if n.startswith(prefix) and not n.startswith(f"{prefix}{POOLER}.")]


def merged_layout(model: Any, pooling: str) -> Layout:
    """Return the names and shapes of the parameters that are merged, in their order."""
    named = dict(model.named_parameters())
    names = merged_names(model, pooling)
    return Layout(names=tuple(names), shapes=tuple(tuple(named[n].shape) for n in names))


def head_names(model: Any) -> list[str]:
    """Return the parameters of the head; not every one has a bias."""
    head = classifier_name(model)
    return [f"{head}.weight", f"{head}.bias"]


def required(who: str, loading: Loading, merged: list[str], *, with_head: bool) -> None:
    """Check that a loaded model has every parameter that is merged, and its head if it is used.

    Raises:
        IntegrityError: If its checkpoint lacks one, or holds one of the wrong shape, or one of the
            backbone that its configuration does not have.
    """
    needed = [*merged, *(head_names(loading.model) if with_head else [])]
    wrong = [f"`{n}` of shape {loading.misshapen[n]}" for n in needed if n in loading.misshapen]
    if wrong:
        raise IntegrityError(
            f"The weights of {who} must fit its config.json. Found {shown(wrong)}. Save the model "
            "again."
        )
    lacking = [name for name in needed if name in loading.missing]
    if lacking:
        raise IntegrityError(
            f"Weights of {who} must contain every merged parameter. Found no "
            f"{shown([f'`{name}`' for name in lacking])}. Use a checkpoint that has it, or merge "
            'the backbone only: `pooling = "mean"` and `head = "fit"`.'
        )
    _refuse_more(who, loading, merged)


def _refuse_more(who: str, loading: Loading, merged: list[str]) -> None:
    """Refuse weights of blocks that the configuration does not have: they would be lost."""
    blocks = {name.rpartition(".")[0].partition(".")[0] for name in merged} - {""}
    prefix = f"{loading.model.base_model_prefix}."
    more = [
        f"`{name}`"
        for name in sorted(loading.unexpected)
        if name.startswith(prefix) or name.partition(".")[0] in blocks
        if not BUFFER.fullmatch(name) and POOLER not in name.split(".")
    ]
    if more and who != "the pretrained model":
        raise IntegrityError(
            f"The backbone of {who} must have no tensor that its config.json does not describe. "
            f"Found {shown(more)}. Save the model again."
        )


def check_same_layout(task: str, pretrained: Layout, expert: Layout) -> None:
    """Check that an expert has the parameters of the pretrained model.

    Raises:
        IntegrityError: If one is missing, or has the wrong shape.
    """
    ours = dict(zip(pretrained.names, pretrained.shapes, strict=True))
    theirs = dict(zip(expert.names, expert.shapes, strict=True))
    found = [f"`{name}` is not in the pretrained model" for name in theirs if name not in ours]
    found += [f"`{name}` is not in the expert" for name in ours if name not in theirs]
    found += [
        f"`{name}` is {theirs[name]}, but the pretrained model has {shape}"
        for name, shape in ours.items()
        if theirs.get(name, shape) != shape
    ]
    if found:
        raise IntegrityError(
            f"Expert `{task}` must fit the pretrained model. Found {shown(found, '; ')}. "
            "Use an expert that was fine-tuned from this pretrained model."
        )


def check_same_statistics(
    task: str, pretrained: Checkpoint, expert: Checkpoint, model: Any
) -> None:
    """Check that fine-tuning changed no buffer; only the stored buffers are read.

    Raises:
        IntegrityError: If it did: merging weights does not define them.
    """
    names = [str(name) for name, _ in model.named_buffers()]
    ours, theirs = stored_names(pretrained.tensors, names), stored_names(expert.tensors, names)
    both = [name for name in names if name in ours and name in theirs]
    before = read_tensors(pretrained, [ours[name] for name in both])
    after = read_tensors(expert, [theirs[name] for name in both])
    for name in both:
        if not before[ours[name]].equal(after[theirs[name]]):
            raise IntegrityError(
                f"Running statistics of expert `{task}` must equal those of the pretrained "
                f"model, since merging weights leaves them undefined. Found another `{name}`. "
                "Fine-tune with batch norm in eval mode, or use a model without it."
            )


def refuse_code(checkpoint: Checkpoint) -> None:
    """Refuse a model whose configuration names code to run.

    Raises:
        IntegrityError: If it does.
    """
    if "auto_map" in checkpoint.config:
        raise IntegrityError(
            f"`{checkpoint.folder}` must be a model that is part of transformers. Found "
            "`auto_map` in its config.json, which names code to run. Write a `module` of your own "
            "for it."
        )


def ignored_settings(checkpoint: Checkpoint) -> list[str]:
    """Return a remark on a setting of quantisation next to weights that are not quantised."""
    if "quantization_config" not in checkpoint.config:
        return []
    return ["`quantization_config` in its config.json is ignored, since weights are whole floats"]


def shown(lines: list[str], separator: str = ", ") -> str:
    """Return the first few lines and the number of the others."""
    more = len(lines) - _SHOWN
    rest = f"{separator}and {more} more" if more > 0 else ""
    return separator.join(lines[:_SHOWN]) + rest
