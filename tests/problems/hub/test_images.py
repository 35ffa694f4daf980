import numpy as np
import pytest
import torch
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from fusefront.problems.hub.clip import encode_images, normalised


def picture(width: int, height: int, mode: str) -> Image.Image:
    random = np.random.default_rng(width * height)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
@pytest.mark.parametrize(
    "shape", [(32, 32), (500, 375), (333, 501), (28, 28), (225, 224), (64, 65)]
)
@pytest.mark.parametrize("size", [224, 32])
def test_pixels_are_those_of_clips_own_processor(
    mode: str, shape: tuple[int, int], size: int
) -> None:
    image = picture(*shape, mode)
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    )
    theirs = processor([image], return_tensors="pt")["pixel_values"]
    ours = normalised(torch.from_numpy(encode_images([image], size)))
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs.float(), rtol=0, atol=1e-5)


def test_images_are_stored_as_bytes() -> None:
    assert encode_images([picture(40, 30, "RGB")], 16).dtype == np.uint8
