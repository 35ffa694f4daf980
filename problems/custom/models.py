"""What a family of a user's experts needs to know of its models and checkpoints."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor, nn

from ..base import Finding
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint
from ..checkpoints.location import locate
from ..fine_tuning import Head
from ..layout import Layout
from .problem_file import ProblemFile
from .rows import Rows


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """Flat parameters `(P,)` in the order of a layout, and the head the model ends in, if any."""

    layout: Layout
    params: Tensor
    head: Head | None


class Models(ABC):
    """The base and the experts of a problem file, whatever they are written in.

    Raises:
        MissingDataError: From every method, if a checkpoint is missing.
        IntegrityError: If one is no safe, whole checkpoint, or does not fit the base.
    """

    @abstractmethod
    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """What the base and these experts are, and whether they fit, from headers alone."""

    @abstractmethod
    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Digests of all files that decide results, as JSON can hold them."""

    @abstractmethod
    def config(self, task: str) -> dict[str, Any]:
        """The configuration of a task's expert, or an empty one."""

    @abstractmethod
    def backbone(self) -> nn.Module:
        """A new module with the base's parameters, in the order of the layout."""

    @abstractmethod
    def base(self) -> Loaded:
        """The base model."""

    @abstractmethod
    def expert(self, task: str) -> Loaded:
        """The expert of a task, in the base's layout."""

    @abstractmethod
    def inputs(self, rows: Rows) -> Tensor:
        """`(n, ...)` what the backbone takes, of n raw examples."""


@final
class OpenedCheckpoints:
    """Called with a task, its expert's checkpoint; with None, the base's."""

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._opened: dict[str, Checkpoint] = {}

    def __call__(self, task: str | None) -> Checkpoint:
        """Located and opened at the first call."""
        key = task or ""
        if key not in self._opened:
            of = self._file if task is None else self._file.task(task)
            reference = of.pretrained if isinstance(of, ProblemFile) else of.expert
            folder = locate(reference, base_folder=self._file.folder, revision=of.revision)
            self._opened[key] = open_checkpoint(folder)
        return self._opened[key]
