"""CLIP: the vision tower is merged, and the text tower makes zero-shot heads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoints.checkpoint import Checkpoint
from ..family import Head
from ..layout import Layout
from .architecture import Architecture, Encoder, parameter_layout, read_model
from .suites import HubTask, Prompts, prompts


@final
class Clip(Architecture):
    """Features are L2-normalised image embeddings; `visual_projection` is not merged.

    Heads are zero-shot: the mean over templates of normalised text embeddings, normalised again,
    times exp(logit_scale), so that logits are CLIP's. Source: Radford et al. 2021, section 3.1.4.
    """

    def merged_part(self, pretrained: Checkpoint) -> Checkpoint:
        """Return the pretrained model with the configuration of its vision tower."""
        vision = dict(pretrained.config.get("vision_config") or {})
        return replace(pretrained, config=vision | {"model_type": "clip_vision_model"})

    def layout(self, pretrained: Checkpoint) -> Layout:
        """Return the parameters of the vision tower, with their names inside it."""
        with torch.device("meta"):
            return parameter_layout(_tower(transformers.CLIPVisionModel(_config(pretrained))))

    def backbone(self, pretrained: Checkpoint) -> nn.Module:
        """Return the vision tower with hooks: bytes to pixels before, embeddings after."""
        model = read_model(transformers.CLIPVisionModelWithProjection, pretrained)
        projection = model.visual_projection.weight.detach()
        tower = _tower(model)
        tower.register_forward_pre_hook(lambda _, inputs: (normalised(inputs[0]),))
        tower.register_forward_hook(lambda _, inputs, output: _embedded(output, projection))
        return tower

    def encoder(self, pretrained: Checkpoint) -> Encoder:
        """Return the encoder, which resizes and crops images to the size of the tower."""
        size = int(_config(pretrained).image_size)

        def encode(columns: Sequence[Sequence[Any]]) -> NDArray[np.generic]:
            (images,) = columns
            return encode_images(images, size)

        return Encoder(
            settings={"size": size, "version": 1},
            shape=(3, size, size),
            dtype="uint8",
            encode=encode,
        )

    def head(self, pretrained: Checkpoint, expert: Checkpoint, task: HubTask) -> Head:
        """Return the zero-shot head, which does not depend on the expert."""
        model = read_model(transformers.CLIPModel, pretrained)
        with torch.inference_mode():
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                pretrained.folder, local_files_only=True
            )
            weight = model.logit_scale.exp() * zero_shot(model, tokenizer, prompts(task.name))
        return weight.clone(), torch.zeros(len(weight))

    def head_settings(self, task: HubTask) -> Mapping[str, Any]:
        """Return class names and templates."""
        used = prompts(task.name)
        return {"classes": used.classes, "templates": used.templates, "version": 1}

    def head_mismatch(self, expert: Checkpoint, task: HubTask) -> str | None:
        """Return None: experts have no head."""
        return None


def zero_shot(model: Any, tokenizer: Any, used: Prompts) -> Tensor:
    """Return `(C, H)` unit vectors: per class the normalised mean of normalised embeddings."""
    rows = []
    for name in used.classes:
        tokens = tokenizer(used.texts(name), padding=True, truncation=True, return_tensors="pt")
        pooled = model.text_model(**tokens).pooler_output
        embedded = functional.normalize(model.text_projection(pooled), dim=-1)
        rows.append(functional.normalize(embedded.mean(0), dim=-1))
    return torch.stack(rows)


def _config(pretrained: Checkpoint) -> Any:
    config = transformers.CLIPConfig.from_pretrained(pretrained.folder, local_files_only=True)
    return config.vision_config


def _tower(model: nn.Module) -> nn.Module:
    """Return the module that has `embeddings`; versions of transformers wrap it or do not."""
    inside = getattr(model, "vision_model", model)
    return inside if isinstance(inside, nn.Module) else model


def _embedded(output: Any, projection: Tensor) -> Tensor:
    return functional.normalize(functional.linear(output.pooler_output, projection), dim=-1)


MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
"""Standard deviation of CLIP's training images by channel, in 0..1, as is the mean (Radford et al.
2021).
"""


def encode_images(images: Sequence[Image.Image], size: int) -> NDArray[np.uint8]:
    """Return `(n, 3, size, size)`: the shorter side resized to `size`, bicubic, centre-cropped.

    CLIP's image processor does the same before it rescales and normalises. Its resizing also rounds
    to bytes, so that storing bytes loses nothing.
    """
    encoded = np.empty((len(images), 3, size, size), dtype=np.uint8)
    for row, image in zip(encoded, images, strict=True):
        row[:] = np.asarray(_cropped(_resized(image.convert("RGB"), size), size)).transpose(2, 0, 1)
    return encoded


def normalised(images: Tensor) -> Tensor:
    """Return float32 `(B, 3, S, S)` for CLIP's vision tower, from bytes."""
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
