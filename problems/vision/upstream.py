"""Examples for pretraining the backbone: many views of images that no task uses."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..classifier import Examples
from .compose import jittered, place, to_inputs, turn
from .examples import draw_overlays, source_images
from .families import Source, VisionFamily

_CLASSES = 30
"""Classes per source: ten for an image alone, ten each for the first and second of an overlay."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Mixture of examples in one epoch of pretraining.

    A label of an overlay names one of its two images at random, so that the backbone learns to see
    overlays but not to attend to one side. Each source has its own classes.

    Attributes:
        copies: Number of times that each single image of a source is shown, shifted.
        overlays: Number of overlays of each pair of sources.
        negated: Share of the single images that are shown dark on light.
        turned: Share of the single images that are rotated by a random number of quarter turns.
        sided: Share of the overlays whose label also states which side it names. A larger share
            makes merges work better and leaves the experts less to gain.
        jitter: Largest shift, in pixels.
    """

    copies: Mapping[Source, int]
    overlays: Mapping[tuple[Source, Source], int]
    negated: float
    turned: float
    sided: float
    jitter: int = 3

    @property
    def n_classes(self) -> int:
        """Number of classes of the upstream labels."""
        return _CLASSES * len(self.copies)


def draw_upstream(family: VisionFamily, mix: Upstream, generator: torch.Generator) -> Examples:
    """Draw one epoch of upstream examples."""
    start = {source: _CLASSES * i for i, source in enumerate(mix.copies)}
    parts = [_singles(family, mix, source, start[source], generator) for source in mix.copies]
    for (first, second), n in mix.overlays.items():
        view = draw_overlays(family, (first, second), "upstream", n, generator)
        classes = view.classes + torch.tensor([start[first], start[second]])
        side = torch.randint(2, (n,), generator=generator)
        is_sided = torch.rand(n, generator=generator) < mix.sided
        labels = classes[torch.arange(n), side] + is_sided * 10 * (1 + side)
        parts.append(Examples(inputs=view.inputs, labels=labels))
    return Examples(
        inputs=torch.cat([part.inputs for part in parts]),
        labels=torch.cat([part.labels for part in parts]),
    )


def _singles(
    family: VisionFamily, mix: Upstream, source: Source, start: int, generator: torch.Generator
) -> Examples:
    images, labels = source_images(family, source, "upstream")
    copies = mix.copies[source]
    inputs = _shown(images.repeat(copies, 1, 1), family, mix, generator)
    return Examples(inputs=inputs, labels=labels.repeat(copies) + start)


def _shown(
    images: Tensor, family: VisionFamily, mix: Upstream, generator: torch.Generator
) -> Tensor:
    n = len(images)
    middle = (family.size - images.shape[1]) // 2
    canvas = place(images, jittered((middle, middle), n, mix.jitter, generator), family.size)
    quarters = torch.randint(4, (n,), generator=generator)
    is_turned = torch.rand(n, generator=generator) < mix.turned
    canvas = turn(canvas, quarters * is_turned)
    is_negated = torch.rand(n, generator=generator) < mix.negated
    return to_inputs(torch.where(is_negated[:, None, None], 1 - canvas, canvas))
