"""Examples of the vision tasks: source images, split and composed in the same way at every call."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, final

import torch
from torch import Tensor

from ...errors import IntegrityError
from ..classifier import Examples
from .compose import enlarge, jittered, overlay_corners, place, to_inputs
from .families import Source, VisionFamily, VisionTask
from .images import PARTS, WHITE, read

SPLITS: Final = ("upstream", "experts", "calibration", "validation", "test")
"""`upstream` is for pretraining the backbone, `experts` for fine-tuning and fitting heads."""

_SIZES: Final[Mapping[str, Mapping[Source, tuple[int, ...]]]] = {
    "digits": {"mnist": (1000, 1900, 400, 500, 1200), "optdigits": (0, 600, 150, 200, 847)},
    "smoke": {"optdigits": (350, 450, 70, 120, 807)},
    "garments": {
        "mnist": (1000, 1900, 400, 500, 1200),
        "fashion": (6000, 12_000, 1000, 1000, 4000),
    },
    "dino": {"mnist": (1900, 1600, 250, 250, 1000), "fashion": (0, 1600, 250, 250, 1000)},
}
"""Images of each source that a family uses, in the order of `SPLITS`."""
_OVERLAYS: Final = {
    "digits": {"experts": 8000, "calibration": 1000, "validation": 1000, "test": 3000},
    "smoke": {"experts": 3000, "calibration": 300, "validation": 300, "test": 1200},
    "garments": {"experts": 8000, "calibration": 1000, "validation": 1000, "test": 4000},
    "dino": {"experts": 1600, "calibration": 250, "validation": 250, "test": 750},
}
"""Overlays composed inside each split. Test sets are so large that a standard error of an accuracy
is near one percentage point."""
_OWN_TEST: Final[Mapping[Source, int]] = {"fashion": PARTS["t10k"]}
"""Images at the end of a source that are its own test set. Our test split uses only these, so that
a backbone pretrained elsewhere on the source's training set has not seen them."""
_SEED: Final = 20_240


@final
@dataclass(frozen=True, kw_only=True)
class VisionExamples:
    """The examples of a family; a view is composed once and shared by all tasks that show it."""

    family: VisionFamily
    _views: dict[tuple[str, str, str], "View"] = field(default_factory=dict)

    def __call__(self, task: str, split: str) -> Examples:
        """Return inputs `(n, 1, S, S)`, float32 in -1..1, and labels `(n,)`, int64.

        Tasks on the same images have the same `inputs` tensor.

        Raises:
            MissingDataError: If the images are not on this machine.
            UnknownNameError: If the task is unknown.
        """
        wanted = self.family.task(task)
        key = (wanted.shown, wanted.view, split)
        if key not in self._views:
            self._views[key] = self._fixed_view(wanted, split)
        return self._views[key].examples(wanted)

    def _fixed_view(self, task: VisionTask, split: str) -> "View":
        # The seed is derived from what is shown, not from the task: tasks that ask different
        # questions about the same images see the same ones.
        name = f"{self.family.name}/{task.shown}/{task.view}/{split}"
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        return draw_view(self.family, task, split, copies=1, jitter=0, generator=generator)


@final
@dataclass(frozen=True, kw_only=True)
class View:
    """Inputs `(n, 1, S, S)` and the two `classes` `(n, 2)` that each shows.

    A single image shows its class twice.
    """

    inputs: Tensor
    classes: Tensor

    def examples(self, task: VisionTask) -> Examples:
        """The inputs with the labels that a task asks for."""
        first, second = self.classes.unbind(1)
        labels = {"first": first, "second": second, "sum": first + second}[task.question]
        return Examples(inputs=self.inputs, labels=labels.contiguous())


def draw_view(
    family: VisionFamily,
    task: VisionTask,
    split: str,
    *,
    copies: int,
    jitter: int,
    generator: torch.Generator,
) -> View:
    """Draw the inputs of a task's view.

    Args:
        family: The family.
        task: A task with that view.
        split: The split whose images are shown.
        copies: Number of times that each single image is used; ignored for overlays, whose number
            is fixed.
        jitter: Largest shift of a single image, in pixels.
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
    return View(inputs=to_inputs(canvas), classes=labels[:, None].expand(-1, 2))


def draw_overlays(
    family: VisionFamily,
    sources: tuple[Source, Source],
    split: str,
    n: int,
    generator: torch.Generator,
) -> View:
    """Draw `n` overlays of two images, upper left and lower right; the brighter pixel is on top."""
    (below, first), (above, second) = (source_images(family, s, split) for s in sources)
    i, j = _pairs(len(first), len(second), n, generator)
    corner, opposite, jitter = overlay_corners(family.digit, family.size)
    lower = place(below[i], jittered(corner, n, jitter, generator), family.size)
    upper = place(above[j], jittered(opposite, n, jitter, generator), family.size)
    classes = torch.stack([first[i], second[j]], dim=1)
    return View(inputs=to_inputs(torch.maximum(lower, upper)), classes=classes)


def _pairs(first: int, second: int, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `n` indices below `first` and `n` below `second`."""
    if first == second:  # a single draw, row by row: the shipped experts were trained on its result
        i, j = torch.randint(first, (n, 2), generator=generator).unbind(1)
        return i, j
    i = torch.randint(first, (n,), generator=generator)
    return i, torch.randint(second, (n,), generator=generator)


def source_images(family: VisionFamily, source: Source, split: str) -> tuple[Tensor, Tensor]:
    """Return the images `(n, digit, digit)` of a split, float32 in 0..1, and labels `(n,)`."""
    images, labels = _source(family.name, source)[split]
    return enlarge(images.float() / WHITE[source], family.digit), labels


def fingerprint(family: str, source: Source) -> str:
    """Return the hex sha256 of the images and labels of a source that the family uses."""
    found = hashlib.sha256()
    for images, labels in _source(family, source).values():
        found.update(images.numpy().tobytes())
        found.update(labels.numpy().tobytes())
    return found.hexdigest()


def check_source(family: str, source: Source, expected: Mapping[str, str]) -> None:
    """Check that the images of a source have the expected fingerprint, if one is known.

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


@cache
def _source(family: str, source: Source) -> Mapping[str, tuple[Tensor, Tensor]]:
    """Return the images `(n, h, h)`, uint8, and labels `(n,)` of every split."""
    images, labels = read(source)
    chosen = split_indices(family, source, labels)
    return {split: (images[rows], labels[rows]) for split, rows in chosen.items()}


def split_indices(family: str, source: Source, labels: Tensor) -> Mapping[str, Tensor]:
    """Return the indices of the source images in each split: disjoint, stratified and fixed.

    Splits belong to the family and do not depend on the seed of a run, so that shipped experts
    were never trained on images that a run is scored on.

    Args:
        family: Name of the family.
        source: One of its sources.
        labels: `(n,)` labels of the complete source.

    Returns:
        Name of the split to indices `(n_split,)`.
    """
    sizes = _SIZES[family][source]
    if own := _OWN_TEST.get(source):
        start = len(labels) - own
        test = start + _stratified(labels[start:])[: sizes[-1]]
        order = torch.cat([_stratified(labels[:start])[: sum(sizes[:-1])], test])
    else:
        order = _stratified(labels)
    return dict(zip(SPLITS, torch.split(order, list(sizes)), strict=True))


def _stratified(labels: Tensor) -> Tensor:
    """Return a fixed order of the labels in which every contiguous part is stratified."""
    generator = torch.Generator().manual_seed(_SEED)
    order = torch.randperm(len(labels), generator=generator)
    shuffled = labels[order]
    # Sorting by an image's relative rank within its class, in 0..1, interleaves the classes.
    place = torch.empty(len(labels), dtype=torch.float64)
    for label in torch.unique(labels):
        (members,) = torch.where(shuffled == label)
        place[members] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / len(members)
    return order[torch.argsort(place, stable=True)]
