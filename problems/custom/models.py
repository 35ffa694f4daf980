"""The pretrained model and experts of a problem file: their interface, and whether they fit."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from torch import Tensor, nn

from ..base import Finding
from ..checkpoints.adapters import check_mergeable
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint, signature, stored_names
from ..checkpoints.comparison import backbone_names, mismatches
from ..checkpoints.location import locate, read_json
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


_PROCESSING: Final = (
    "size", "crop_size", "crop_pct", "resample", "image_mean", "image_std", "do_resize",
    "do_center_crop", "do_rescale", "do_normalize", "rescale_factor",
)  # fmt: skip
"""Keys of preprocessor_config.json that decide what a model sees."""

_BLOCK = re.compile(r"\.\d+\.")

_SHOWN: Final = 3  # differences that are spelled out


def describe(checkpoint: Checkpoint) -> str:
    """Where, digest, architecture, parameters, types, tokenizer."""
    types = Counter(header.dtype for header in checkpoint.tensors.values())
    tokenizer = checkpoint.tokenizer_sha256
    return ", ".join(
        [
            str(checkpoint.folder),
            f"sha256 {checkpoint.sha256[:12]}",
            signature(checkpoint),
            f"{checkpoint.n_parameters:,} parameters",
            "+".join(sorted(types)),
            f"tokenizer {tokenizer[:12]}" if tokenizer else "no tokenizer",
        ]
    )


def differences(base: Checkpoint, expert: Checkpoint) -> tuple[list[str], list[str]]:
    """What forbids a merge, and what is only said; the first few of each, and how many more."""
    names = [] if expert.is_adapter else _names(base, expert)
    found = mismatches(base, expert, names)
    if expert.is_adapter:
        if any(m.kind == "adapter" for m in found):
            check_mergeable(expert)
            found = [m._replace(fatal=m.kind != "adapter" and m.fatal) for m in found]
        # Names may be those of the model instead of the file: only loading can check them.
        found = [m for m in found if m.kind != "missing"]
    elif not names and not any(m.kind == "architecture" for m in found):
        return [f"no tensor of `{base.folder.name}` in `{expert.folder.name}`"], []
    fatal = [m.line for m in found if m.fatal] + _processing(base, expert)
    return _first(fatal), _first([m.line for m in found if not m.fatal])


def _names(base: Checkpoint, expert: Checkpoint) -> list[str]:
    """The expert's backbone, and what the base's blocks have that the expert's lack.

    What the base has beside blocks, such as a pooler, may be none of the expert's architecture.
    """
    own = backbone_names(base, expert)
    theirs = backbone_names(expert, base)
    found = stored_names(expert.tensors, theirs)
    lacking = [name for name in theirs if name not in found and _BLOCK.search(name)]
    prefixes = {v[: -len(k)] if v.endswith(k) else "" for k, v in found.items()}
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    return own + [prefix + name for name in lacking]


def _processing(base: Checkpoint, expert: Checkpoint) -> list[str]:
    ours, theirs = _preprocessor(base), _preprocessor(expert)
    return [
        f"pictures with `{key}` {theirs[key]} where the base has {ours[key]}"
        for key in _PROCESSING
        if key in ours and key in theirs and ours[key] != theirs[key]
    ]


def _preprocessor(checkpoint: Checkpoint) -> dict[str, Any]:
    path = checkpoint.folder / "preprocessor_config.json"
    return read_json(path) if path.is_file() else {}


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return lines[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
