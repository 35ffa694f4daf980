"""The oracle of closed-form losses, exact or observed through noisy examples."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, final

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from ...errors import ParameterError
from ..base import Batch, Measurement, Oracle, Split

Losses = Callable[[Tensor], Tensor]
"""Maps a `(P,)` displacement (parameters minus pretrained model), float64, to `(m,)` losses."""

SIZES: Final[Mapping[Split, int]] = {"calibration": 512, "validation": 256, "test": 0}
"""Number of examples of each task; the test is the loss itself and has none."""
SEED: Final = 20250601
"""Seed of the tilts; it is part of the problem's definition."""


@final
class AnalyticOracle(Oracle):
    """Closed-form losses, plus the mean tilt of the examples through which they are observed.

    Example e of task t has the loss L_t(x) + <tilt_e, x> at the displacement x.

    Args:
        pretrained: `(P,)` pretrained model, float64.
        losses: The losses as a function of the displacement.
        tilts: For each accessible split, `(n, P)` float32 tilts of each task; of width 0 if
            examples are exact.
    """

    def __init__(
        self, *, pretrained: Tensor, losses: Losses, tilts: Mapping[Split, Sequence[Tensor]]
    ) -> None:
        self._pretrained = pretrained
        self._losses = losses
        self._tilts = tilts
        self._means: dict[tuple[Split, int | None], Tensor] = {}

    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        """The tilts with these row indices; labels are zeros, as there is nothing to predict."""
        ends = np.cumsum([0, *(len(index) for index in rows)]).tolist()
        return Batch(
            inputs=torch.cat([t[i] for t, i in zip(self._tilts[split], rows, strict=True)]),
            segments=tuple(slice(a, b) for a, b in pairwise(ends)),
            labels=tuple(torch.zeros(len(i)) for i in rows) if labelled else None,
        )

    def length(self, split: Split) -> list[int]:
        """Number of examples of each task on a split."""
        return [len(tilts) for tilts in self._tilts[split]]

    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` loss of each task plus the mean tilt of its examples, computed in float64."""
        if batch.labels is None:
            raise ParameterError(
                "`batch` must be labelled. Found no labels. Ask for `batches(size, labelled=True)`."
            )
        means = torch.stack([batch.inputs[segment].mean(0) for segment in batch.segments])
        return self._tilted(params.double() - self._pretrained, means.double()).to(params.dtype)

    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        """Loss of every task in float64, as observed through the first `examples` of the split."""
        return self.measure_displacement(params.double() - self._pretrained, split, examples)

    def measure_displacement(
        self, displacement: Tensor, split: Split, examples: int | None = None
    ) -> Measurement:
        """Same as `measure`, but of a model given by its displacement `(P,)`, float64."""
        key = (split, examples)
        if key not in self._means:
            tilts = [t[:examples].double().mean(0) for t in self._tilts[split]]
            self._means[key] = torch.stack(tilts)
        with torch.inference_mode():
            loss = self._tilted(displacement, self._means[key]).numpy()
        return Measurement(
            value=loss,
            loss=loss,
            n=np.zeros(len(loss), dtype=np.int64),
            outcomes=tuple(np.zeros(0, dtype=bool) for _ in loss),
        )

    def forwards(self, split: Split, examples: int | None = None) -> int:
        """One per task and example, for noisy and for exact examples."""
        return sum(len(tilts[:examples]) for tilts in self._tilts[split])

    def _tilted(self, displacement: Tensor, means: Tensor) -> Tensor:
        return self._losses(displacement) + means @ displacement[: means.shape[1]]


def draw_tilts(split: Split, dimension: int, scales: Sequence[float]) -> list[Tensor]:
    """Draw `(n, P)` independent normal tilts of each task, with deviation `scales[t]` per entry.

    They have width 0 if all scales are 0. The normal numbers are computed here from raw bits,
    because numpy guarantees the stream of bits across versions but not that of its distributions.
    """
    n, width = SIZES[split], dimension if any(scales) else 0
    if split == "test" or width == 0:
        return [torch.zeros(n, 0) for _ in scales]
    bits = np.random.PCG64([SEED, list(SIZES).index(split)])
    tilts = []
    for scale in scales:
        uniform = ((bits.random_raw(n * width) >> np.uint64(11)) + 0.5) * 2.0**-53
        tilts.append(torch.from_numpy(scale * ndtri(uniform)).float().reshape(n, width))
    return tilts
