"""GPT-2: the transformer is merged, each expert's own score layer is its task's head."""

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
"""Longer inputs are cut, as when the experts were fine-tuned."""
PAD: Final = -1
"""Fills rows up to their width; no token has this id, so that the length is never in doubt."""
_SCORE: Final = "score.weight"


@final
class Gpt2(Architecture):
    """The feature is the last token's hidden state, which is what the score layer reads.

    Fitted in evaluation mode: no dropout.
    """

    def merged_part(self, base: Checkpoint) -> Checkpoint:
        """The base itself."""
        return base

    def layout(self, base: Checkpoint) -> Layout:
        """Parameters of the transformer, embeddings included."""
        with torch.device("meta"):
            return parameter_layout(transformers.GPT2Model(_config(base)))

    def backbone(self, base: Checkpoint) -> nn.Module:
        """The transformer between two hooks: stored rows to ids before, the last token after."""
        model = read_model(transformers.GPT2Model, base)
        filler = int(model.config.eos_token_id)

        def ids_and_mask(_: nn.Module, inputs: tuple[Tensor], kwargs: Any) -> tuple[Any, Any]:
            ids, mask = padded_batch(inputs[0], filler)
            return (ids,), {"attention_mask": mask, "use_cache": False}

        model.register_forward_pre_hook(ids_and_mask, with_kwargs=True)
        model.register_forward_hook(_last_token, with_kwargs=True)
        backbone: nn.Module = model.eval()
        return backbone

    def encoder(self, base: Checkpoint) -> Encoder:
        """Token ids of the base's tokenizer."""
        width = min(WIDTH, int(_config(base).n_positions))

        @cache
        def tokenizer() -> Any:
            return transformers.AutoTokenizer.from_pretrained(base.folder, local_files_only=True)

        def encode(columns: Sequence[Sequence[Any]]) -> NDArray[np.generic]:
            return encode_texts(tokenizer(), columns, width)

        return Encoder(
            settings={"tokenizer": base.tokenizer_sha256, "width": width, "version": 1},
            shape=(width,),
            dtype="int32",
            encode=encode,
        )

    def head(self, base: Checkpoint, expert: Checkpoint, task: HubTask) -> Head:
        """The expert's score layer; it has no bias."""
        weight = read_tensors(expert, [_SCORE])[_SCORE]
        return weight, torch.zeros(len(weight))

    def head_settings(self, task: HubTask) -> Mapping[str, Any]:
        """Nothing: the expert's weights are all."""
        return {}

    def head_mismatch(self, expert: Checkpoint, task: HubTask) -> str | None:
        """A score layer must have a row for every class."""
        header = expert.tensors.get(_SCORE)
        if header is None:
            return f"`{_SCORE}` is not in the expert"
        if header.shape[0] != task.n_classes:
            return f"`{_SCORE}` is {header.shape} where {task.title} has {task.n_classes} classes"
        return None


def _config(base: Checkpoint) -> Any:
    return transformers.GPT2Config.from_pretrained(base.folder, local_files_only=True)


def _last_token(_: nn.Module, inputs: Any, kwargs: Mapping[str, Any], output: Any) -> Tensor:
    states: Tensor = output.last_hidden_state
    last = kwargs["attention_mask"].sum(1) - 1
    return states[torch.arange(len(states)), last]


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
