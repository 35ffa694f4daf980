"""Composing images into inputs: placing, overlaying, rotating; pure functions of tensors."""

import torch
import torch.nn.functional as F
from torch import Tensor


def place(images: Tensor, corners: Tensor, size: int) -> Tensor:
    """Place images on a black canvas.

    Args:
        images: `(n, h, w)`; parts outside the canvas are cut off.
        corners: `(n, 2)` int64, row and column of the upper left corners; may be negative.
        size: Side of the canvas, in pixels.

    Returns:
        `(n, size, size)`.
    """
    n, height, width = images.shape
    grid = torch.arange(size)
    rows, columns = grid - corners[:, :1], grid - corners[:, 1:]
    seen_rows, seen_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    picked = images[
        torch.arange(n)[:, None, None],
        rows.clamp(0, height - 1)[:, :, None],
        columns.clamp(0, width - 1)[:, None, :],
    ]
    return picked * (seen_rows[:, :, None] & seen_columns[:, None, :])


def jittered(corner: tuple[int, int], n: int, jitter: int, generator: torch.Generator) -> Tensor:
    """Draw `n` corners `(n, 2)`, at most `jitter` pixels from `corner` along both axes."""
    moves = torch.randint(-jitter, jitter + 1, (n, 2), generator=generator)
    return torch.tensor(corner) + moves


def overlay_corners(side: int, size: int) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Return the corners of the two images of an overlay, and their jitter.

    Images as large as the canvas (MNIST, with its empty border) are shifted beyond its edge;
    smaller ones (optdigits on 12 pixels) are placed in its corners without jitter.
    """
    if side == size:
        return (-3, -4), (3, 4), 1
    return (0, 0), (size - side, size - side), 0


def enlarge(images: Tensor, side: int) -> Tensor:
    """Scale images `(n, h, h)` to `(n, side, side)`, bilinearly; unchanged if h is `side`."""
    if images.shape[1] == side:
        return images
    scaled = F.interpolate(images[:, None], size=(side, side), mode="bilinear", align_corners=False)
    return scaled[:, 0]


def turn(images: Tensor, quarters: Tensor) -> Tensor:
    """Rotate each of the images `(n, s, s)` by `quarters` `(n,)` quarter turns."""
    turned = torch.stack([torch.rot90(images, k, (1, 2)) for k in range(4)])
    return turned[quarters % 4, torch.arange(len(images))]


def to_inputs(canvas: Tensor) -> Tensor:
    """Convert canvases `(n, s, s)` in 0..1 to inputs `(n, 1, s, s)` in -1..1."""
    return (canvas * 2 - 1)[:, None]
