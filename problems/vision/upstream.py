"""What the backbone is pretrained on: many looks at digits that no task uses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .compose import jittered, place, to_inputs, turn
from .families import Family
from .tasks import Split, draw_overlays, source_digits

N_CLASSES = 30


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Mixture of one epoch of pretraining.

    Single digits come `copies` times, shifted, in quarter turns and `negated` of them dark on
    light; `overlays` are labelled with ONE of their two digits at random, so that the backbone
    knows overlays but no side. The share `sided` of them tells by its label which side was asked
    (classes 10 to 19 and 20 to 29): the more, the better merges work and the less experts gain.
    """

    source: str
    copies: int
    overlays: int
    negated: float
    turned: float
    sided: float
    jitter: int = 3


def draw_upstream(family: Family, mix: Upstream, generator: torch.Generator) -> Split:
    """One epoch of upstream examples, drawn anew; `N_CLASSES` classes."""
    images, labels = source_digits(family.name, mix.source, "upstream")
    singles = _singles(images.repeat(mix.copies, 1, 1), family, mix, generator)
    overlays = draw_overlays(images, labels, mix.overlays, family.size, generator)
    side = torch.randint(2, (mix.overlays,), generator=generator)
    overlay_labels = overlays.digits[torch.arange(mix.overlays), side]
    is_sided = torch.rand(mix.overlays, generator=generator) < mix.sided
    overlay_labels = overlay_labels + is_sided * 10 * (1 + side)
    return Split(
        torch.cat([singles, overlays.inputs]),
        torch.cat([labels.repeat(mix.copies), overlay_labels]),
    )


def _singles(images: Tensor, family: Family, mix: Upstream, generator: torch.Generator) -> Tensor:
    n = len(images)
    middle = (family.size - images.shape[1]) // 2
    canvas = place(images, jittered((middle, middle), n, mix.jitter, generator), family.size)
    quarters = torch.randint(4, (n,), generator=generator)
    is_turned = torch.rand(n, generator=generator) < mix.turned
    canvas = turn(canvas, quarters * is_turned)
    is_negated = torch.rand(n, generator=generator) < mix.negated
    return to_inputs(torch.where(is_negated[:, None, None], 1 - canvas, canvas))
