"""Which source digits belong to which split; a fixed property of a family, apart from run seeds."""

from collections.abc import Mapping

import torch
from torch import Tensor

SPLITS = ("upstream", "experts", "calibration", "validation", "test")

# Digits of each source a family uses, in the order of SPLITS.
_SIZES: dict[str, dict[str, tuple[int, ...]]] = {
    "digits": {"mnist": (1000, 1900, 400, 500, 1200), "optdigits": (0, 600, 150, 200, 847)},
    "smoke": {"optdigits": (350, 450, 70, 120, 807)},
}
_SEED = 20_240


def split_indices(family: str, source: str, labels: Tensor) -> Mapping[str, Tensor]:
    """Indices of the source digits in each split: disjoint, stratified, the same at every call.

    Args:
        family: Name of the family.
        source: `mnist` or `optdigits`.
        labels: `(n,)` labels of the whole source.

    Returns:
        Split name to indices `(n_split,)`; together they are all of `range(n)`.
    """
    generator = torch.Generator().manual_seed(_SEED)
    order = torch.randperm(len(labels), generator=generator)
    shuffled = labels[order]
    # A digit's place among its class, in 0..1: every stretch of this order is stratified.
    place = torch.empty(len(labels), dtype=torch.float64)
    for label in torch.unique(labels):
        (members,) = torch.where(shuffled == label)
        place[members] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / len(members)
    stratified = order[torch.argsort(place, stable=True)]
    chunks = torch.split(stratified, list(_SIZES[family][source]))
    return dict(zip(SPLITS, chunks, strict=True))
