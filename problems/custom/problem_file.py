"""The TOML file of a problem, checked before anything heavy is loaded, and its registry entry."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast, get_args

from ...registry import Entry
from .specification import FRACTIONS, LONGEST, Data, Modality, Pooling, ProblemFile, Task
from .table import Table, read_toml

if TYPE_CHECKING:
    from ..base import Problem


SPLITS: Final = ("calibration", "validation", "test")
_TOP: Final = (
    "name", "base", "revision", "module", "pooling", "max_length", "fractions", "seed", "tasks",
)  # fmt: skip
_TASK: Final = ("name", "expert", "revision", "head", "data")
_DATA: Final = (
    "all", *SPLITS, "text", "image", "tensor", "label", "labels", "revision", "subset",
)  # fmt: skip

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


def read_problem_file(path: Path) -> ProblemFile:
    """What a problem's TOML file says; `docs/own-experts.md` explains every key.

    Raises:
        StudyError: With the file and the key path, if a key is unknown, missing, of a wrong type
            or against another one.
    """
    top = read_toml(path)
    top.only(_TOP)
    name = top.text("name")
    if _NAME.fullmatch(name) is None:
        top.refuse("name", f"must be lower-case words joined by `-`. Found `{name}`.")
    module = top.optional("module")
    if module is not None and not module.partition(":")[0].endswith(".py"):
        top.refuse("module", f"must be `file.py:factory`. Found `{module}`.")
    tables = top.tables("tasks", least=2)
    found = ProblemFile(
        path=path.resolve(),
        name=name,
        base=top.text("base"),
        revision=top.optional("revision"),
        module=module,
        pooling=cast(Pooling, top.choice("pooling", get_args(Pooling), "classifier")),
        max_length=top.integer("max_length", LONGEST, least=1),
        fractions=top.fractions("fractions", FRACTIONS),
        seed=top.integer("seed", 0, least=0),
        tasks=tuple(_task(table, plain=module is not None) for table in tables),
    )
    _check_together(top, tables, found)
    return found


def _task(table: Table, *, plain: bool) -> Task:
    table.only(_TASK)
    head = table.text("head", "fit" if plain else "expert")
    if head not in ("expert", "fit") and not head.endswith(".safetensors"):
        table.refuse("head", f"must be `expert`, `fit` or a safetensors file. Found `{head}`.")
    name = table.text("name")
    if _NAME.fullmatch(name) is None:
        table.refuse("name", f"must be lower-case words joined by `-`. Found `{name}`.")
    return Task(
        name=name,
        expert=table.text("expert"),
        revision=table.optional("revision"),
        head=head,
        data=_data(table.table("data")),
    )


def _data(table: Table) -> Data:
    table.only(_DATA)
    modality = _modality(table)
    if "all" in table and any(split in table for split in SPLITS):
        table.refuse("all", f"must not stand beside {', '.join(f'`{s}`' for s in SPLITS)}.")
    pair = modality == "text" and not table.is_text("text")
    inputs = table.texts("text") if pair else (table.text(modality),)
    if pair and len(inputs) != 2:
        table.refuse("text", f"must be one column or two. Found {len(inputs)}.")
    return Data(
        sources=(table.text("all"),) if "all" in table else tuple(map(table.text, SPLITS)),
        modality=modality,
        inputs=inputs,
        label=table.text("label", "label"),
        labels=table.texts("labels", ()),
        revision=table.optional("revision"),
        subset=table.optional("subset"),
    )


def _modality(table: Table) -> Modality:
    given = [kind for kind in get_args(Modality) if kind in table]
    if len(given) != 1:
        table.refuse(
            given[-1] if given else "text",
            "must name the column of the inputs: one of `text`, `image`, `tensor`. "
            f"Found {', '.join(given) or 'none'}.",
        )
    return cast(Modality, given[0])


def _check_together(top: Table, tables: list[Table], found: ProblemFile) -> None:
    names = [task.name for task in found.tasks]
    for table, task in zip(tables, found.tasks, strict=True):
        if names.count(task.name) > 1:
            table.refuse("name", f"must be another for every task. Found `{task.name}` twice.")
        if task.data.modality != found.modality:
            table.refuse("data", f"must have `{found.modality}` inputs, as the first task's.")
        if (task.data.modality == "tensor") != (found.module is not None):
            table.refuse("data", "must have `tensor` inputs exactly if there is a `module`.")
        if task.head == "expert" and found.pooling != "classifier":
            table.refuse("head", "must be `fit` or a file where `pooling` is not `classifier`.")
        if task.head == "expert" and found.module is not None:
            table.refuse("head", "must be `fit` or a file where there is a `module`.")
    if found.module is not None and found.pooling != "classifier":
        top.refuse("pooling", "must not stand beside `module`, which gives the features itself.")


_MODALITIES: Final[dict[Modality, str]] = {"text": "language", "image": "vision"}


def problem_entry(path: Path) -> Entry["Callable[[], Problem]"]:
    """The entry of the problem that a TOML file describes.

    Raises:
        StudyError: If the file is not as it must be; what it names is looked at later, by
            `preflight` and `prepare`.
    """
    found = read_problem_file(path)
    names = ", ".join(task.name for task in found.tasks)
    labels = {"tasks": str(len(found.tasks)), "family": found.name}
    if found.modality in _MODALITIES:
        labels["modality"] = _MODALITIES[found.modality]
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
