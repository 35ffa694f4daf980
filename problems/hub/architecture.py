"""The interface of a kind of backbone: its layout, heads and encoding, and which experts fit it."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import nn

from ...errors import IntegrityError
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.comparison import mismatches
from ..family import Head
from ..layout import Layout
from .suites import HubTask


@final
@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Turns examples into rows of one shape and dtype.

    Attributes:
        settings: Settings that the rows depend on, as JSON can hold them; they key the cache.
        shape: Shape of one row.
        dtype: NumPy's name of its dtype.
        encode: Maps k examples, given column by column, to rows `(k, *shape)`.
    """

    settings: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: str
    encode: Callable[[Sequence[Sequence[Any]]], NDArray[np.generic]]


class Architecture(ABC):
    """A kind of backbone. Its methods take the checkpoint of the pretrained model."""

    @abstractmethod
    def merged_part(self, pretrained: Checkpoint) -> Checkpoint:
        """Return the pretrained model described as its experts are, to compare them."""

    @abstractmethod
    def layout(self, pretrained: Checkpoint) -> Layout:
        """Return the layout of the merged tensors, without loading any."""

    @abstractmethod
    def backbone(self, pretrained: Checkpoint) -> nn.Module:
        """Return the pretrained module from encoded examples to features `(B, H)`."""

    @abstractmethod
    def encoder(self, pretrained: Checkpoint) -> Encoder:
        """Return how examples are encoded for this backbone."""

    @abstractmethod
    def head(self, pretrained: Checkpoint, expert: Checkpoint, task: HubTask) -> Head:
        """Return the frozen head of a task."""

    @abstractmethod
    def head_settings(self, task: HubTask) -> Mapping[str, Any]:
        """Return the settings that a head depends on besides weights; they key the cache."""

    @abstractmethod
    def head_mismatch(self, expert: Checkpoint, task: HubTask) -> str | None:
        """Return why this expert's head cannot be used for the task, or None if it can."""


def parameter_layout(module: nn.Module) -> Layout:
    """Return names and shapes of a module's parameters, in order."""
    named = {name: tuple(p.shape) for name, p in module.named_parameters()}
    return Layout(names=tuple(named), shapes=tuple(named.values()))


def read_model(kind: Any, pretrained: Checkpoint) -> Any:
    """Return a model of transformers from a local folder, in float32 and evaluation mode.

    Only safetensors are read. The log of unused tensors is silenced, since `kind` may be a part of
    the stored model.
    """
    log: Any = transformers.logging
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(logging.ERROR)
    log.disable_progress_bar()
    try:
        model = kind.from_pretrained(
            pretrained.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    finally:
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()
    return model.eval()


def misfits(
    architecture: Architecture,
    pretrained: Checkpoint,
    expert: Checkpoint,
    task: HubTask,
    layout: Layout,
) -> Iterator[str]:
    """Yield what forbids merging an expert, one line each.

    The expert's tokenizer does not matter: examples are encoded by that of the pretrained model.
    """
    for found in mismatches(architecture.merged_part(pretrained), expert, layout.names):
        if found.fatal and found.kind != "tokenizer":
            yield found.line
    wrong_head = architecture.head_mismatch(expert, task)
    if wrong_head is not None:
        yield wrong_head


def check_fit(
    architecture: Architecture,
    pretrained: Checkpoint,
    expert: Checkpoint,
    task: HubTask,
    layout: Layout,
) -> None:
    """Check that an expert fits.

    Raises:
        IntegrityError: With the first differences, if it does not.
    """
    found = list(misfits(architecture, pretrained, expert, task, layout))
    if found:
        raise IntegrityError(
            f"`{expert.folder}` must be an expert of `{pretrained.folder}` on {task.title}. Found: "
            f"{'; '.join(found[:3])}{f'; and {len(found) - 3} more' if found[3:] else ''}."
        )
