"""The TOML file of a problem: its keys, checked before anything heavy is loaded."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, Strict, model_validator

from ...entry import Entry
from ...toml_models import (
    KeyRefused,
    Text,
    Texts,
    TomlTable,
    parse_table,
    read_toml,
    rename_key,
)

if TYPE_CHECKING:
    from ..base import Problem

Pooling = Literal["classifier", "cls", "mean", "last"]
"""The source of features: the input of the model's last linear layer, or hidden states of its
backbone at the first or the last token, or their average over tokens.
"""
Modality = Literal["text", "image", "tensor"]

SPLITS: Final = ("calibration", "validation", "test")
_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_LABELS: Final[dict[Modality, str]] = {"text": "language", "image": "vision"}
"""Values of the registry's label `modality`; `tensor` has none."""


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"must be lower-case words joined by `-`. Found `{name}`.")
    return name


def _check_module(module: str) -> str:
    if not module.partition(":")[0].endswith(".py"):
        raise ValueError(f"must be `file.py:factory`. Found `{module}`.")
    return module


def _check_head(head: str) -> str:
    if head not in ("expert", "fit") and not head.endswith(".safetensors"):
        raise ValueError(f"must be `expert`, `fit` or a safetensors file. Found `{head}`.")
    return head


def _check_fractions(fractions: tuple[float, ...]) -> tuple[float, ...]:
    if len(fractions) != len(SPLITS) or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(
            f"must be {len(SPLITS)} positive numbers that sum to 1. Found {list(fractions)}."
        )
    return fractions


def _check_distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError(f"must be a list of distinct names. Found {list(names)}.")
    return names


def _one_or_more(columns: Any) -> Any:
    return (columns,) if isinstance(columns, str) else columns


Name = Annotated[Text, AfterValidator(_check_name)]


class CustomData(TomlTable):
    """The examples of a task: their sources and columns.

    Attributes:
        all: One source of all splits, cut by the file's `fractions`; or the next three.
        calibration: Source of one split, as are `validation` and `test`.
        text: Columns of the inputs: one text, or a pair.
        image: Column of the inputs instead.
        tensor: Column of the inputs instead.
        label: Column of the classes.
        labels: Class names in the order of the head, or empty.
        revision: Commit of a data set on the hub.
        subset: Configuration of a data set on the hub.
    """

    all: Text | None = None
    calibration: Text | None = None
    validation: Text | None = None
    test: Text | None = None
    text: Annotated[Texts, BeforeValidator(_one_or_more), Field(max_length=2)] | None = None
    image: Text | None = None
    tensor: Text | None = None
    label: Text = "label"
    labels: Annotated[Texts, AfterValidator(_check_distinct)] = ()
    revision: Text | None = None
    subset: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> "CustomData":
        given = [kind for kind in get_args(Modality) if getattr(self, kind)]
        if len(given) != 1:
            raise KeyRefused(
                given[-1] if given else "text",
                "must name the column of the inputs: one of `text`, `image`, `tensor`. "
                f"Found {', '.join(given) or 'none'}.",
            )
        own = [split for split in SPLITS if getattr(self, split) is not None]
        if self.all is not None and own:
            raise KeyRefused(
                "all",
                f"must not be given together with {', '.join(f'`{split}`' for split in own)}. "
                "Give one source of all splits, or one source per split.",
            )
        if self.all is None and len(own) < len(SPLITS):
            lacking = next(split for split in SPLITS if split not in own)
            raise KeyRefused(
                lacking if own else "all",
                "must be given. Found no such key. Give one source of all splits as `all`, or one "
                f"source each as {', '.join(f'`{split}`' for split in SPLITS)}.",
            )
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of calibration, validation and test, or the one source of all."""
        given = (self.all, self.calibration, self.validation, self.test)
        return tuple(source for source in given if source is not None)

    @property
    def modality(self) -> Modality:
        """The kind of the inputs."""
        return "text" if self.text else "image" if self.image else "tensor"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of the inputs; a pair of texts has two."""
        return self.text or (str(self.image or self.tensor),)


class CustomTask(TomlTable):
    """An expert, its frozen head and its data.

    Attributes:
        name: Name of the task.
        expert: Folder, hub id, adapter, or safetensors file of a plain module.
        head: `expert`, `fit`, or a safetensors file with `weight` and `bias`; None if the file
            does not say. `ProblemFile.head` has the default.
        data: Its examples.
        revision: Revision of an expert on the hub.
    """

    name: Name
    expert: Text
    revision: Text | None = None
    head: Annotated[Text, AfterValidator(_check_head)] | None = None
    data: CustomData


class ProblemFile(TomlTable):
    """The content of one TOML file.

    Attributes:
        name: Name of the problem.
        pretrained: Folder, hub id, or safetensors file of a plain module.
        tasks: Two or more.
        revision: Revision of a pretrained model on the hub.
        module: `file.py:factory` of a plain module, or None for transformers.
        pooling: Where features are taken.
        max_length: Number of tokens after which texts are truncated.
        fractions: Shares of calibration, validation and test in a source of all splits.
        seed: Seed of that cut.
    """

    name: Name
    pretrained: Text
    revision: Text | None = None
    module: Annotated[Text, AfterValidator(_check_module)] | None = None
    pooling: Pooling = "classifier"
    max_length: Annotated[int, Field(ge=1)] = 128
    fractions: Annotated[tuple[float, ...], Strict(False), AfterValidator(_check_fractions)] = (
        0.4,
        0.2,
        0.4,
    )
    seed: Annotated[int, Field(ge=0)] = 0
    tasks: Annotated[tuple[CustomTask, ...], Strict(False), Field(min_length=2)]
    _path: Path

    def model_post_init(self, context: Any) -> None:
        """Keep the place of the file, which is not one of its keys."""
        self._path = context["file"].resolve()

    @model_validator(mode="after")
    def _check(self) -> "ProblemFile":
        names = [task.name for task in self.tasks]
        for i, task in enumerate(self.tasks):
            if names.count(task.name) > 1:
                raise KeyRefused(
                    f"tasks[{i}].name", f"must be unique across tasks. Found `{task.name}` twice."
                )
            self._check_data(i, task)
            self._check_head(i, task)
        if self.module is not None and self.pooling != "classifier":
            raise KeyRefused(
                "pooling",
                f"must not be given together with `module`, whose output is the features. "
                f"Found `{self.pooling}`. Delete `pooling`.",
            )
        return self

    def _check_data(self, i: int, task: CustomTask) -> None:
        found = task.data.modality
        if found != self.modality:
            raise KeyRefused(
                f"tasks[{i}].data",
                f"must have `{self.modality}` inputs, as the first task has. Found `{found}`.",
            )
        if (found == "tensor") != (self.module is not None):
            beside = "a `module`" if self.module is not None else "no `module`"
            raise KeyRefused(
                f"tasks[{i}].data",
                "must have `tensor` inputs exactly if the file has a `module`. "
                f"Found `{found}` and {beside}.",
            )

    def _check_head(self, i: int, task: CustomTask) -> None:
        if self.head(task.name) != "expert":
            return
        if self.pooling != "classifier":
            raise KeyRefused(
                f"tasks[{i}].head",
                "must be `fit` or a file unless `pooling` is `classifier`. Found `expert`.",
            )
        if self.module is not None:
            raise KeyRefused(
                f"tasks[{i}].head", "must be `fit` or a file with a `module`. Found `expert`."
            )

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return self._path.parent

    @property
    def modality(self) -> Modality:
        """The kind of the inputs of all tasks."""
        return self.tasks[0].data.modality

    def task(self, name: str) -> CustomTask:
        """Return the task of this name."""
        return next(task for task in self.tasks if task.name == name)

    def head(self, name: str) -> str:
        """Return where the head of a task is from: a plain module has no head."""
        return self.task(name).head or ("expert" if self.module is None else "fit")


def read_problem_file(path: Path) -> ProblemFile:
    """Read a problem's TOML file; `docs/own-experts.md` explains every key.

    Raises:
        StudyError: With the file and the key path, if a key is unknown, missing, of a wrong type
            or contradicts another one.
    """
    content = rename_key(read_toml(path), "base", "pretrained", file=path)
    return parse_table(ProblemFile, content, file=path)


def problem_entry(path: Path) -> Entry["Callable[[], Problem]"]:
    """Return the registry entry of the problem that a TOML file describes.

    Raises:
        StudyError: If the file itself is wrong. The checkpoints and data that it names are checked
            later, by `preflight` and `prepare`.
    """
    found = read_problem_file(path)
    names = ", ".join(task.name for task in found.tasks)
    labels = {"tasks": str(len(found.tasks)), "family": found.name}
    if found.modality in _LABELS:
        labels["modality"] = _LABELS[found.modality]
    return Entry(
        name=found.name,
        target=lambda: _make(found),
        summary=f"Merge your own experts of {names}: which method gives their best front.",
        source=f"The checkpoints and data that {found.path} names",
        labels=labels,
        file=found.path,
    )


def _make(found: ProblemFile) -> "Problem":
    from ..family import FamilyProblem
    from .family import CustomFamily

    return FamilyProblem(
        make_family=lambda: CustomFamily(found),
        tasks=tuple(task.name for task in found.tasks),
    )
