"""What differs between the kinds of backbones: modules, heads and how examples are encoded."""

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
        settings: What decides the rows; equal settings, equal rows.
        shape: Of one row.
        dtype: Of its entries, as NumPy names it.
        encode: Rows `(k, *shape)` of k examples, given column by column.
    """

    settings: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: str
    encode: Callable[[Sequence[Sequence[Any]]], NDArray[np.generic]]


class Architecture(ABC):
    """A kind of backbone. `base` is the checkpoint of the pretrained model."""

    @abstractmethod
    def merged_part(self, base: Checkpoint) -> Checkpoint:
        """The base described as its experts are, so that the two can be compared."""

    @abstractmethod
    def layout(self, base: Checkpoint) -> Layout:
        """The tensors that are merged, without loading any."""

    @abstractmethod
    def backbone(self, base: Checkpoint) -> nn.Module:
        """The pretrained module, encoded examples to features `(B, H)`; parameters as `layout`."""

    @abstractmethod
    def encoder(self, base: Checkpoint) -> Encoder:
        """How examples are encoded for this backbone."""

    @abstractmethod
    def head(self, base: Checkpoint, expert: Checkpoint, task: HubTask) -> Head:
        """The frozen head of a task."""

    @abstractmethod
    def head_settings(self, task: HubTask) -> Mapping[str, Any]:
        """What decides a head beside the weights of base and expert."""

    @abstractmethod
    def head_mismatch(self, expert: Checkpoint, task: HubTask) -> str | None:
        """What keeps this expert's head from serving the task, or None."""


def parameter_layout(module: nn.Module) -> Layout:
    """Names and shapes of a module's parameters, in order."""
    named = {name: tuple(p.shape) for name, p in module.named_parameters()}
    return Layout(names=tuple(named), shapes=tuple(named.values()))


def read_model(kind: Any, base: Checkpoint) -> Any:
    """A transformers model of the base's folder, in float32 and evaluation mode.

    Only this folder is looked at and only safetensors are read; the tensors of parts that are not
    asked for are not listed.
    """
    said: Any = transformers.logging
    before, bars = said.get_verbosity(), said.is_progress_bar_enabled()
    said.set_verbosity(logging.ERROR)
    said.disable_progress_bar()
    try:
        model = kind.from_pretrained(
            base.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    finally:
        said.set_verbosity(before)
        if bars:
            said.enable_progress_bar()
    return model.eval()


def misfits(
    architecture: Architecture, base: Checkpoint, expert: Checkpoint, task: HubTask, layout: Layout
) -> Iterator[str]:
    """What forbids merging, a line each.

    A tokenizer of the expert's own is not asked for: examples are encoded by the base's.
    """
    for found in mismatches(architecture.merged_part(base), expert, layout.names):
        if found.fatal and found.kind != "tokenizer":
            yield found.line
    wrong_head = architecture.head_mismatch(expert, task)
    if wrong_head is not None:
        yield wrong_head


def check_fit(
    architecture: Architecture, base: Checkpoint, expert: Checkpoint, task: HubTask, layout: Layout
) -> None:
    """Refuse an expert that does not fit.

    Raises:
        IntegrityError: Naming the first differences.
    """
    found = list(misfits(architecture, base, expert, task, layout))
    if found:
        raise IntegrityError(
            f"`{expert.folder}` must be an expert of `{base.folder}` on {task.title}. Found: "
            f"{'; '.join(found[:3])}{f'; and {len(found) - 3} more' if found[3:] else ''}."
        )
