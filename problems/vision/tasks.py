"""The examples of a family's tasks, composed from installed digits, the same at every call."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from .compose import enlarge, jittered, overlay_corners, place, to_inputs
from .families import Family, Task, get_family
from .images import mnist, optdigits
from .splits import split_indices

# Overlays composed inside each split; test sets keep one standard error near one point.
_OVERLAYS = {
    "digits": {"experts": 8000, "calibration": 1000, "validation": 1000, "test": 3000},
    "smoke": {"experts": 3000, "calibration": 300, "validation": 300, "test": 1200},
}


@dataclass(frozen=True)
class Split:
    """Examples: `inputs` `(n, 1, S, S)`, float32 in -1..1, and `labels` `(n,)`, int64."""

    inputs: Tensor
    labels: Tensor


@dataclass(frozen=True)
class TaskData:
    """One task's examples; tasks on the same images hold the very same `inputs` tensors."""

    name: str
    n_classes: int
    calibration: Split
    validation: Split
    test: Split


@dataclass(frozen=True)
class View:
    """Inputs `(n, 1, S, S)` and, for each, the `digits` `(n, 2)` it shows (twice the one)."""

    inputs: Tensor
    digits: Tensor

    def split(self, task: Task) -> Split:
        """What `task` asks of these inputs."""
        first, second = self.digits.unbind(1)
        labels = {"first": first, "second": second, "sum": first + second}[task.question]
        return Split(self.inputs, labels.contiguous())


def load_tasks(family: str, names: Sequence[str]) -> dict[str, TaskData]:
    """Calibration, validation and test of the named tasks; others are not built.

    Args:
        family: `digits` or `smoke`.
        names: Tasks of the family.

    Raises:
        MissingDataError: If the package with the digits is not installed.
        UnknownNameError: If the family or a task is unknown.
    """
    found = get_family(family)
    views: dict[tuple[str, str, str], View] = {}
    tasks = {}
    for task in (found.task(name) for name in names):
        splits = []
        for split in ("calibration", "validation", "test"):
            key = (task.source, task.view, split)
            if key not in views:
                views[key] = _fixed_view(found, task, split)
            splits.append(views[key].split(task))
        tasks[task.name] = TaskData(task.name, task.n_classes, *splits)
    return tasks


def source_digits(family: str, source: str, split: str) -> tuple[Tensor, Tensor]:
    """Digits of one split: images `(n, digit, digit)`, float32 in 0..1, and labels `(n,)`."""
    images, labels = _scaled(source)
    chosen = split_indices(family, source, labels)[split]
    return enlarge(images[chosen], get_family(family).digit), labels[chosen]


def draw_view(
    family: Family, task: Task, split: str, *, copies: int, jitter: int, generator: torch.Generator
) -> View:
    """Inputs of a task's view, drawn anew.

    Args:
        family: The family.
        task: A task with that view.
        split: Whose digits are shown.
        copies: How many times each single digit comes; overlays have their own number.
        jitter: Largest shift of a single digit, pixels.
        generator: Source of pairs and shifts.
    """
    images, labels = source_digits(family.name, task.source, split)
    if task.view == "overlay":
        n = _OVERLAYS[family.name][split]
        return draw_overlays(images, labels, n, family.size, generator)
    images, labels = images.repeat(copies, 1, 1), labels.repeat(copies)
    middle = (family.size - images.shape[1]) // 2
    canvas = place(images, jittered((middle, middle), len(images), jitter, generator), family.size)
    if task.view in ("negated", "neg180"):
        canvas = 1 - canvas
    if task.view == "neg180":
        canvas = canvas.flip(1, 2)
    return View(to_inputs(canvas), labels[:, None].expand(-1, 2))


def draw_overlays(
    images: Tensor, labels: Tensor, n: int, size: int, generator: torch.Generator
) -> View:
    """`n` overlays of two digits, upper left and lower right, brighter pixel on top."""
    pair = torch.randint(len(images), (n, 2), generator=generator)
    first, second, jitter = overlay_corners(images.shape[1], size)
    below = place(images[pair[:, 0]], jittered(first, n, jitter, generator), size)
    above = place(images[pair[:, 1]], jittered(second, n, jitter, generator), size)
    return View(to_inputs(torch.maximum(below, above)), labels[pair])


def _fixed_view(family: Family, task: Task, split: str) -> View:
    name = f"{family.name}/{task.source}/{task.view}/{split}"
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return draw_view(family, task, split, copies=1, jitter=0, generator=generator)


@cache
def _scaled(source: str) -> tuple[Tensor, Tensor]:
    images, labels = mnist() if source == "mnist" else optdigits()
    return images.float() / (255 if source == "mnist" else 16), labels
