"""Inputs of the hub suites: preprocessed images as bytes, sentences as rows of token ids."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
"""Of the red, green and blue values, in 0..1, of CLIP's training images (Radford et al. 2021)."""


def encode_images(images: Sequence[Image.Image], size: int) -> NDArray[np.uint8]:
    """`(n, 3, size, size)`: the shorter side resized to `size`, bicubic, then the centre cut out.

    What CLIP's image processor does before it rescales and normalises; resizing rounds to bytes
    there too, so that nothing is lost.
    """
    encoded = np.empty((len(images), 3, size, size), dtype=np.uint8)
    for row, image in zip(encoded, images, strict=True):
        row[:] = np.asarray(_cropped(_resized(image.convert("RGB"), size), size)).transpose(2, 0, 1)
    return encoded


def normalised(images: Tensor) -> Tensor:
    """`(B, 3, S, S)` float32 as CLIP's vision tower takes them, from bytes."""
    mean = torch.tensor(MEAN).view(3, 1, 1)
    deviation = torch.tensor(DEVIATION).view(3, 1, 1)
    return (images.to(torch.float32) / 255 - mean) / deviation


def _resized(image: Image.Image, size: int) -> Image.Image:
    width, height = image.size
    short, long = sorted((width, height))
    longer = int(size * long / short)
    shape = (size, longer) if width <= height else (longer, size)
    return image.resize(shape, resample=Image.Resampling.BICUBIC)


def _cropped(image: Image.Image, size: int) -> Image.Image:
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return image.crop((left, top, left + size, top + size))


WIDTH: Final = 512
"""Longer inputs are cut, as when the experts were fine-tuned."""
PAD: Final = -1
"""Fills rows up to their width; no token has this id, so that the length is never in doubt."""


def encode_texts(tokenizer: Any, columns: Sequence[Sequence[str]], width: int) -> NDArray[np.int32]:
    """`(n, width)` ids, filled up on the right with PAD.

    Two columns are two sentences, put one after the other without a separator, as GPT-2's
    tokenizer does with a pair; of a pair that is too long the longer sentence is cut.
    """
    encoded = np.full((len(columns[0]), width), PAD, dtype=np.int32)
    found = tokenizer(*map(list, columns), truncation=True, max_length=width)["input_ids"]
    for row, ids in zip(encoded, found, strict=True):
        row[: len(ids)] = ids
    return encoded


def padded_batch(ids: Tensor, filler: int) -> tuple[Tensor, Tensor]:
    """Rows of `encode_texts` as a model takes them: ids `(B, L)` and mask `(B, L)`, both int64.

    L is the longest row's length. A row without any token is one `filler`.
    """
    lengths = (ids != PAD).sum(1).clamp(min=1)
    cut = ids[:, : int(lengths.max())].to(torch.int64)
    mask = torch.arange(cut.shape[1])[None, :] < lengths[:, None]
    return torch.where(cut == PAD, filler, cut), mask.to(torch.int64)
