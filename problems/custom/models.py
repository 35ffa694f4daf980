"""The pretrained model and experts of a problem file: their interface, and whether they fit."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from torch import Tensor, nn

from ...errors import IntegrityError
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
    """The flat parameters `(P,)` of a model, in the order of a layout, and its own head, if any."""

    layout: Layout
    params: Tensor
    head: Head | None


class Models(ABC):
    """The pretrained model and the experts of a problem file, written in any library.

    Raises:
        MissingDataError: By every method, if a checkpoint is missing.
        IntegrityError: By every method, if a checkpoint is damaged or could run code, or an expert
            does not fit the pretrained model.
    """

    @abstractmethod
    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per checkpoint, from headers alone."""

    @abstractmethod
    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of all files that results depend on, as JSON can hold them."""

    @abstractmethod
    def config(self, task: str) -> dict[str, Any]:
        """Return the configuration of a task's expert; empty if it has none."""

    @abstractmethod
    def backbone(self) -> nn.Module:
        """Return a new module with the pretrained parameters, in the order of the layout."""

    @abstractmethod
    def pretrained(self) -> Loaded:
        """Return the pretrained model."""

    @abstractmethod
    def expert(self, task: str) -> Loaded:
        """Return the expert of a task, in the layout of the pretrained model."""

    @abstractmethod
    def inputs(self, rows: Rows) -> Tensor:
        """Return n raw examples as `(n, ...)` inputs of the backbone."""


@final
class OpenedCheckpoints:
    """The checkpoints of a problem file, located and opened when they are first used."""

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._opened: dict[str, Checkpoint] = {}

    def __call__(self, task: str | None) -> Checkpoint:
        """Return the checkpoint of a task's expert, or of the pretrained model for None."""
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
"""Keys of preprocessor_config.json that change the pixels a model gets."""

_BLOCK = re.compile(r"\.\d+\.")

_SHOWN: Final = 3  # differences that are spelled out; the others are counted


def describe(checkpoint: Checkpoint) -> str:
    """Return one line: folder, digest, architecture, parameters, dtypes, tokenizer."""
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


def differences(pretrained: Checkpoint, expert: Checkpoint) -> tuple[list[str], list[str]]:
    """Return what forbids merging an expert, and what is only worth a remark.

    Each list has the first few differences and, if there are more, their number.
    """
    names = [] if expert.is_adapter else _names(pretrained, expert)
    found = mismatches(pretrained, expert, names)
    if expert.is_adapter:
        if any(m.kind == "adapter" for m in found):
            check_mergeable(expert)
            found = [m._replace(fatal=m.kind != "adapter" and m.fatal) for m in found]
        # Names may be those of the model instead of the file: only loading can check them.
        found = [m for m in found if m.kind != "missing"]
    elif not names and not any(m.kind == "architecture" for m in found):
        return [f"no tensor of `{pretrained.folder.name}` in `{expert.folder.name}`"], []
    fatal = [m.line for m in found if m.fatal] + _processing(pretrained, expert)
    return _first(fatal), _first([m.line for m in found if not m.fatal])


def check_expert(name: str, pretrained: Checkpoint, expert: Checkpoint) -> Finding:
    """Return the finding about an expert that fits the pretrained model.

    Raises:
        IntegrityError: If it does not fit.
    """
    problems, remarks = differences(pretrained, expert)
    if problems:
        raise IntegrityError(
            f"Expert `{name}` must fit the pretrained model. Found {'; '.join(problems)}. "
            "Use an expert that was fine-tuned from this pretrained model."
        )
    return Finding(f"expert {name}", True, "; ".join([describe(expert), *remarks]))


def _names(pretrained: Checkpoint, expert: Checkpoint) -> list[str]:
    """Return the names of the expert's backbone, and of blocks that the expert lacks.

    Tensors of the pretrained model outside blocks, such as a pooler, need not exist in the expert's
    architecture, so that they are not missed.
    """
    own = backbone_names(pretrained, expert)
    theirs = backbone_names(expert, pretrained)
    found = stored_names(expert.tensors, theirs)
    lacking = [name for name in theirs if name not in found and _BLOCK.search(name)]
    prefixes = {v[: -len(k)] if v.endswith(k) else "" for k, v in found.items()}
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    return own + [prefix + name for name in lacking]


def _processing(pretrained: Checkpoint, expert: Checkpoint) -> list[str]:
    ours, theirs = _preprocessor(pretrained), _preprocessor(expert)
    return [
        f"image setting `{key}` is {theirs[key]}, but the pretrained model has {ours[key]}"
        for key in _PROCESSING
        if key in ours and key in theirs and ours[key] != theirs[key]
    ]


def _preprocessor(checkpoint: Checkpoint) -> dict[str, Any]:
    path = checkpoint.folder / "preprocessor_config.json"
    return read_json(path) if path.is_file() else {}


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return lines[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
