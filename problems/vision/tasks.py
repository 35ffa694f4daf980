"""The examples of a family's tasks, composed from installed images, the same at every call."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from ...errors import IntegrityError
from .compose import enlarge, jittered, overlay_corners, place, to_inputs
from .families import Family, Source, Task, get_family
from .images import WHITE, read
from .splits import split_indices

# Overlays composed inside each split; test sets keep one standard error near one point.
_OVERLAYS = {
    "digits": {"experts": 8000, "calibration": 1000, "validation": 1000, "test": 3000},
    "smoke": {"experts": 3000, "calibration": 300, "validation": 300, "test": 1200},
    "garments": {"experts": 8000, "calibration": 1000, "validation": 1000, "test": 4000},
    "dino": {"experts": 1600, "calibration": 250, "validation": 250, "test": 750},
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
    """Inputs `(n, 1, S, S)` and, for each, the `classes` `(n, 2)` it shows (twice the one)."""

    inputs: Tensor
    classes: Tensor

    def split(self, task: Task) -> Split:
        """What `task` asks of these inputs."""
        first, second = self.classes.unbind(1)
        labels = {"first": first, "second": second, "sum": first + second}[task.question]
        return Split(self.inputs, labels.contiguous())


def load_tasks(family: str, names: Sequence[str]) -> dict[str, TaskData]:
    """Calibration, validation and test of the named tasks; others are not built.

    Args:
        family: Name of the family.
        names: Tasks of the family.

    Raises:
        MissingDataError: If the images are not on this machine.
        UnknownNameError: If the family or a task is unknown.
    """
    found = get_family(family)
    views: dict[tuple[str, str, str], View] = {}
    tasks = {}
    for task in (found.task(name) for name in names):
        splits = []
        for split in ("calibration", "validation", "test"):
            key = (task.shown, task.view, split)
            if key not in views:
                views[key] = _fixed_view(found, task, split)
            splits.append(views[key].split(task))
        tasks[task.name] = TaskData(task.name, task.n_classes, *splits)
    return tasks


def source_images(family: Family, source: Source, split: str) -> tuple[Tensor, Tensor]:
    """Images of one split `(n, digit, digit)`, float32 in 0..1, and labels `(n,)`."""
    images, labels = _source(family.name, source)[split]
    return enlarge(images.float() / WHITE[source], family.digit), labels


def fingerprint(family: str, source: Source) -> str:
    """Hex sha256 of the images and labels of a source that the family uses, split by split."""
    found = hashlib.sha256()
    for images, labels in _source(family, source).values():
        found.update(images.numpy().tobytes())
        found.update(labels.numpy().tobytes())
    return found.hexdigest()


def check_source(family: str, source: Source, expected: Mapping[str, str]) -> None:
    """Refuse a source whose fingerprint is not the expected one; one that has none may be any.

    Raises:
        MissingDataError: If the images are not on this machine.
        IntegrityError: If they are not those that the experts were trained on.
    """
    found = fingerprint(family, source)
    if found != expected.get(source, found):
        raise IntegrityError(
            f"Images of `{source}` must be those that the experts of `{family}` were trained on, "
            f"sha256 {expected[source][:12]}. Found {found[:12]}. Install that source again."
        )


def draw_view(
    family: Family, task: Task, split: str, *, copies: int, jitter: int, generator: torch.Generator
) -> View:
    """Inputs of a task's view, drawn anew.

    Args:
        family: The family.
        task: A task with that view.
        split: Whose images are shown.
        copies: How many times each single image comes; overlays have their own number.
        jitter: Largest shift of a single image, pixels.
        generator: Source of pairs and shifts.
    """
    if task.view == "overlay":
        sources = (task.source, task.beside or task.source)
        return draw_overlays(family, sources, split, _OVERLAYS[family.name][split], generator)
    images, labels = source_images(family, task.source, split)
    images, labels = images.repeat(copies, 1, 1), labels.repeat(copies)
    middle = (family.size - images.shape[1]) // 2
    canvas = place(images, jittered((middle, middle), len(images), jitter, generator), family.size)
    if task.view in ("negated", "neg180"):
        canvas = 1 - canvas
    if task.view == "neg180":
        canvas = canvas.flip(1, 2)
    return View(to_inputs(canvas), labels[:, None].expand(-1, 2))


def draw_overlays(
    family: Family,
    sources: tuple[Source, Source],
    split: str,
    n: int,
    generator: torch.Generator,
) -> View:
    """`n` overlays of two images, upper left and lower right, brighter pixel on top."""
    (below, first), (above, second) = (source_images(family, s, split) for s in sources)
    i, j = _pairs(len(first), len(second), n, generator)
    corner, opposite, jitter = overlay_corners(family.digit, family.size)
    lower = place(below[i], jittered(corner, n, jitter, generator), family.size)
    upper = place(above[j], jittered(opposite, n, jitter, generator), family.size)
    classes = torch.stack([first[i], second[j]], dim=1)
    return View(to_inputs(torch.maximum(lower, upper)), classes)


def _pairs(first: int, second: int, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`n` indices below `first` and `n` below `second`."""
    if first == second:  # one draw, row by row: what the shipped experts were trained on
        i, j = torch.randint(first, (n, 2), generator=generator).unbind(1)
        return i, j
    i = torch.randint(first, (n,), generator=generator)
    return i, torch.randint(second, (n,), generator=generator)


def _fixed_view(family: Family, task: Task, split: str) -> View:
    name = f"{family.name}/{task.shown}/{task.view}/{split}"
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return draw_view(family, task, split, copies=1, jitter=0, generator=generator)


@cache
def _source(family: str, source: Source) -> Mapping[str, tuple[Tensor, Tensor]]:
    """Images `(n, h, h)`, uint8, and labels `(n,)` of every split."""
    images, labels = read(source)
    chosen = split_indices(family, source, labels)
    return {split: (images[rows], labels[rows]) for split, rows in chosen.items()}
