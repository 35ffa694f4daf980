"""The family `tiny-gpt2`: a small GPT-2 whose experts ship; only the texts are read here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GPT2Config, GPT2Model

from ...errors import IntegrityError
from ..base import Finding, Report, Split
from ..cache import digest
from ..classifier import Examples
from ..experts import ExpertPool
from ..family import ExpertFamily
from ..fine_tuning import Head
from . import weights
from .data import Encoder, TextData, texts_preflight

PADDING: Final = 0
"""Token id of the padding; no text contains it."""


@final
class LastToken(nn.Module):
    """Ids `(B, L)`, padded on the right, to features `(B, H)` of each text's last real token.

    Attention is causal, so that what follows the last real token never matters. The embeddings
    are frozen; blocks and last norm, called `gpt2.h.0.mlp...` and so on, require gradients.

    Args:
        config: Keyword arguments of `transformers.GPT2Config`; there is no dropout.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        settings = GPT2Config(
            **config, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, use_cache=False
        )
        settings._attn_implementation = "eager"  # at 24 tokens faster on CPU than sdpa
        self.gpt2 = GPT2Model(settings)
        self.freeze_embeddings()
        self.eval()

    def freeze_embeddings(self) -> None:
        """Let everything but the embeddings require gradients."""
        self.requires_grad_(True)
        self.gpt2.wte.requires_grad_(False)
        self.gpt2.wpe.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """Features of a batch; every text has at least one real token."""
        last = (ids != PADDING).sum(dim=1) - 1
        return self.hidden(ids)[torch.arange(len(ids)), last]

    def hidden(self, ids: Tensor) -> Tensor:
        """`(B, L, H)` final hidden state at every position."""
        found: Tensor = self.gpt2(ids).last_hidden_state
        return found


@final
@dataclass(frozen=True, kw_only=True)
class TinyGpt2Family(ExpertFamily):
    """The shipped experts; nothing is trained, texts are encoded when first needed."""

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Whether the weights and the texts of these tasks are here."""
        try:
            self._frozen  # noqa: B018 - reading it checks the files
        except IntegrityError as error:
            yield Finding("weights", False, str(error))
        else:
            yield Finding("weights", True, "ship with fusefront")
        yield from texts_preflight(tasks)

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Encode the texts of these tasks."""
        for task in tasks:
            report(f"{weights.NAME}: texts of {task}")
            self._data.examples(task, "validation")

    def digest(self, tasks: Sequence[str]) -> str:
        """Digest of the weights and of the texts of these tasks."""
        return digest([self._frozen.sha256, self._data.digest(tasks)])

    def backbone(self) -> nn.Module:
        """The pretrained network; only what experts move requires gradients."""
        frozen = self._frozen
        network = LastToken(frozen.config)
        state = {**frozen.embeddings, **frozen.layout.unflatten(frozen.base)}
        network.load_state_dict(state)
        return network

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """The experts of these tasks."""
        rows = [self._frozen.tasks.index(task) for task in tasks]
        return ExpertPool(
            pretrained=self._frozen.base.clone(),
            task_vectors=self._frozen.task_vectors[rows].contiguous(),
            layout=self._frozen.layout,
            names=tasks,
        )

    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """The frozen heads of these tasks."""
        return [self._frozen.heads[task] for task in tasks]

    def examples(self, task: str, split: Split) -> Examples:
        """Token ids `(n, L)` and labels of a task."""
        return self._data.examples(task, split)

    @cached_property
    def _frozen(self) -> weights.FrozenExperts:
        return weights.load()

    @cached_property
    def _data(self) -> TextData:
        frozen = self._frozen
        return TextData(
            encoder=lambda: Encoder(
                Tokenizer.from_file(str(frozen.vocabulary)), length=frozen.length, padding=PADDING
            ),
            identity=f"{frozen.vocabulary_sha256} {frozen.length}",
        )
