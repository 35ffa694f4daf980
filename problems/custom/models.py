"""The pretrained model and experts of a problem file: their interface, and whether they fit."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, final

from torch import Tensor, nn

from ...errors import IntegrityError
from ..base import Finding
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint, signature, unwrapped
from ..checkpoints.comparison import settings_mismatches
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


class Stored(NamedTuple):
    """The tensors of a checkpoint that a problem uses.

    Attributes:
        subject: The model, as the subject of a sentence.
        checkpoint: Where they are stored.
        merged: Stored names by the parameter that they are merged into; of an adapter, by
            themselves.
        head: Stored names by the parameter of the head, if it is used.
    """

    subject: str
    checkpoint: Checkpoint
    merged: Mapping[str, Sequence[str]]
    head: Mapping[str, Sequence[str]]

    def names(self) -> Iterator[str]:
        """Yield all stored names."""
        for parts in (*self.merged.values(), *self.head.values()):
            yield from parts


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
    def weights(self, tasks: Sequence[str]) -> Iterator[Stored]:
        """Yield the tensors in use of the pretrained model and then of each expert; no values."""

    @abstractmethod
    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of all files that results depend on, as JSON can hold them."""

    @abstractmethod
    def config(self, task: str) -> dict[str, Any]:
        """Return the configuration of a task's expert; empty if it has none."""

    @abstractmethod
    def head_rows(self, task: str) -> int:
        """Return the number of classes of an expert's own head, from headers alone."""

    @abstractmethod
    def features(self, inputs: Tensor) -> Tensor:
        """Return what the backbone makes of inputs `(B, ...)`, to check its shape; no weights."""

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
            self._opened[key] = unwrapped(open_checkpoint(folder))
        return self._opened[key]


_PROCESSING: Final = (
    "size", "crop_size", "crop_pct", "resample", "image_mean", "image_std", "do_resize",
    "do_center_crop", "do_rescale", "do_normalize", "rescale_factor",
)  # fmt: skip
"""Keys of preprocessor_config.json that change the pixels a model gets."""


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


def check_expert(
    name: str, file: ProblemFile, pretrained: Checkpoint, expert: Checkpoint
) -> Finding:
    """Return the finding about an expert whose files agree with those of the pretrained model.

    Its parameters are compared by the caller, who knows the model.

    Raises:
        IntegrityError: If settings, vocabulary, tokenizer or image processing differ, or the
            weights are those of the pretrained model.
    """
    if expert.sha256 == pretrained.sha256:
        raise IntegrityError(
            f"Expert `{name}` must differ from the pretrained model. Found the same weights. "
            "Name the fine-tuned checkpoint."
        )
    found = [m.line for m in settings_mismatches(pretrained, expert)]
    found += _processing(pretrained, expert)
    if found:
        raise IntegrityError(
            f"Expert `{name}` must fit the pretrained model. Found {'; '.join(found)}. "
            "Use an expert that was fine-tuned from this pretrained model."
        )
    remarks = [describe(expert), *_other_base(file, pretrained, expert)]
    return Finding(f"expert {name}", True, "; ".join(remarks))


def subject(task: str | None) -> str:
    """Return a model as the subject of an error's sentence."""
    return "The pretrained model" if task is None else f"Expert `{task}`"


REMARK: Final = "remark: "
"""The start of advice in a finding; a run prints findings with advice, too."""


def _other_base(file: ProblemFile, pretrained: Checkpoint, expert: Checkpoint) -> list[str]:
    """Return a remark if an adapter says that it was trained on another model.

    Nothing but the name is known of that model, and folders are renamed: so it is only a remark.
    """
    given = str((expert.adapter or {}).get("base_model_name_or_path") or "")
    known = {file.pretrained, pretrained.folder.name, str(pretrained.config.get("_name_or_path"))}
    names = {name.rstrip("/").rpartition("/")[2] for name in known}
    if not given or given.rstrip("/").rpartition("/")[2] in names:
        return []
    return [
        f"{REMARK}its adapter_config.json names the pretrained model `{given}`, and the problem "
        f"`{file.pretrained}`. Check that they are the same"
    ]


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
