"""GPT-2: the transformer is merged, and each expert's score layer is the head of its task."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, final

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor, nn

from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.tensors import read_tensors
from ..family import Head
from ..layout import Layout
from .architecture import Architecture, Encoder, parameter_layout, read_model
from .suites import HubTask

WIDTH: Final = 512
"""Maximal number of tokens: longer inputs are truncated, as in the fine-tuning of the experts."""
PAD: Final = -1
"""Padding of stored rows. No token has this id, so that the length of a text is unambiguous."""
_SCORE: Final = "score.weight"


@final
class Gpt2(Architecture):
    """The feature is the hidden state of the last token, which is the input of the score layer.

    The model is always in evaluation mode, without dropout.
    """

    def merged_part(self, pretrained: Checkpoint) -> Checkpoint:
        """Return the pretrained model itself."""
        return pretrained

    def layout(self, pretrained: Checkpoint) -> Layout:
        """Return the parameters of the transformer, including embeddings."""
        with torch.device("meta"):
            return parameter_layout(transformers.GPT2Model(_config(pretrained)))

    def backbone(self, pretrained: Checkpoint) -> nn.Module:
        """Return the transformer with hooks: rows to ids before, the last token after."""
        model = read_model(transformers.GPT2Model, pretrained)
        filler = int(model.config.eos_token_id)

        def ids_and_mask(_: nn.Module, inputs: tuple[Tensor], kwargs: Any) -> tuple[Any, Any]:
            ids, mask = padded_batch(inputs[0], filler)
            return (ids,), {"attention_mask": mask, "use_cache": False}

        model.register_forward_pre_hook(ids_and_mask, with_kwargs=True)
        model.register_forward_hook(_last_token, with_kwargs=True)
        backbone: nn.Module = model.eval()
        return backbone

    def encoder(self, pretrained: Checkpoint) -> Encoder:
        """Return the encoder, which gives token ids of the pretrained model's tokenizer."""
        width = min(WIDTH, int(_config(pretrained).n_positions))

        @cache
        def tokenizer() -> Any:
            return transformers.AutoTokenizer.from_pretrained(
                pretrained.folder, local_files_only=True
            )

        def encode(columns: Sequence[Sequence[Any]]) -> NDArray[np.generic]:
            return encode_texts(tokenizer(), columns, width)

        return Encoder(
            settings={"tokenizer": pretrained.tokenizer_sha256, "width": width, "version": 1},
            shape=(width,),
            dtype="int32",
            encode=encode,
        )

    def head(self, pretrained: Checkpoint, expert: Checkpoint, task: HubTask) -> Head:
        """Return the expert's score layer, which has no bias."""
        weight = read_tensors(expert, [_SCORE])[_SCORE]
        return weight, torch.zeros(len(weight))

    def head_settings(self, task: HubTask) -> Mapping[str, Any]:
        """Return no settings: the head depends on the expert's weights only."""
        return {}

    def head_mismatch(self, expert: Checkpoint, task: HubTask) -> str | None:
        """Return why the score layer does not have one row per class, or None."""
        header = expert.tensors.get(_SCORE)
        if header is None:
            return f"`{_SCORE}` is not in the expert"
        if header.shape[0] != task.n_classes:
            return f"`{_SCORE}` is {header.shape}, but {task.title} has {task.n_classes} classes"
        return None


def _config(pretrained: Checkpoint) -> Any:
    return transformers.GPT2Config.from_pretrained(pretrained.folder, local_files_only=True)


def _last_token(_: nn.Module, inputs: Any, kwargs: Mapping[str, Any], output: Any) -> Tensor:
    states: Tensor = output.last_hidden_state
    last = kwargs["attention_mask"].sum(1) - 1
    return states[torch.arange(len(states)), last]


def encode_texts(tokenizer: Any, columns: Sequence[Sequence[str]], width: int) -> NDArray[np.int32]:
    """Return ids `(n, width)`, padded on the right with PAD.

    Two columns are pairs of sentences, concatenated without a separator, as GPT-2's tokenizer does.
    If a pair is too long, the longer sentence is truncated.
    """
    encoded = np.full((len(columns[0]), width), PAD, dtype=np.int32)
    found = tokenizer(*map(list, columns), truncation=True, max_length=width)["input_ids"]
    for row, ids in zip(encoded, found, strict=True):
        row[: len(ids)] = ids
    return encoded


def padded_batch(ids: Tensor, filler: int) -> tuple[Tensor, Tensor]:
    """Return rows of `encode_texts` as int64 ids `(B, L)` and mask `(B, L)` for a model.

    L is the length of the longest row. A row without any token becomes one `filler`.
    """
    lengths = (ids != PAD).sum(1).clamp(min=1)
    cut = ids[:, : int(lengths.max())].to(torch.int64)
    mask = torch.arange(cut.shape[1])[None, :] < lengths[:, None]
    return torch.where(cut == PAD, filler, cut), mask.to(torch.int64)
