"""The family `tiny-gpt2`: a small GPT-2, whose experts ship; its texts come from packages."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GPT2Config, GPT2Model

from ...errors import IntegrityError
from ..base import Finding, Report, Split
from ..cache import digest, read_checked, write_whole
from ..classifier import Examples
from ..frozen_experts import FrozenExperts, FrozenFamily, load, reinstall, save
from ..predictor import Head
from .data import Encoder, TextData, texts_preflight

NAME: Final = "tiny-gpt2"
SHIPPED: Final = Path(__file__).parent / "weights"
PADDING: Final = 0
"""Token id of the padding, which no text contains."""


@final
class LastToken(nn.Module):
    """Maps ids `(B, L)`, padded on the right, to features `(B, H)` of the last real token.

    Attention is causal, so padding after that token has no effect. The embeddings are frozen;
    blocks and the last norm, named `gpt2.h.0.mlp...` and so on, require gradients.

    Args:
        config: Keyword arguments of `transformers.GPT2Config`; there is no dropout.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        settings = GPT2Config(
            **config, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, use_cache=False
        )
        # The function of GPT-2's `gelu_new`, as one operation instead of eight.
        settings.activation_function = "gelu_pytorch_tanh"
        settings._attn_implementation = "eager"  # with 24 tokens faster on a CPU than sdpa
        self.gpt2 = GPT2Model(settings)
        self.freeze_embeddings()
        self.eval()

    def freeze_embeddings(self) -> None:
        """Let all parameters except the embeddings require gradients."""
        self.requires_grad_(True)
        self.gpt2.wte.requires_grad_(False)
        self.gpt2.wpe.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the features of a batch; every text has at least one real token."""
        last = (ids != PADDING).sum(dim=1) - 1
        return self.hidden(ids)[torch.arange(len(ids)), last]

    def hidden(self, ids: Tensor) -> Tensor:
        """Return the `(B, L, H)` final hidden states at every position."""
        found: Tensor = self.gpt2(ids).last_hidden_state
        return found


def load_shipped(directory: Path | None = None) -> FrozenExperts:
    """Load the frozen experts, after checking weights and vocabulary against the manifest.

    The manifest has the `length` of a text in tokens, and `scores`: for every task the accuracy on
    test of `pretrained` and `expert`, their `n`, and the `resolution` in the expert's standard
    errors. Embeddings and task vectors are stored in half precision, so that an expert is the
    pretrained model plus its rounded vector.

    Args:
        directory: Folder of the three files; by default the one that ships.

    Raises:
        IntegrityError: If a file is missing or damaged, or they do not match.
    """
    directory = directory or SHIPPED
    frozen = load(NAME, directory, ("vocabulary_sha256", "length", "scores"))
    sha256 = frozen.manifest["vocabulary_sha256"]
    read_checked(vocabulary_file(directory), sha256, fix=reinstall(NAME))
    return frozen


def save_shipped(
    directory: Path,
    tensors: Mapping[str, Tensor],
    heads: Mapping[str, Head],
    vocabulary: str,
    facts: Mapping[str, Any],
) -> Path:
    """Write vocabulary, weights and manifest.

    Args:
        directory: Created if it does not exist.
        tensors: `base`, `task_vectors` and embeddings; all but `base` are rounded.
        heads: The head of every task.
        vocabulary: JSON of the tokenizer.
        facts: The manifest except for the two digests.

    Returns:
        Path of the safetensors file.
    """
    content = vocabulary.encode()
    write_whole(vocabulary_file(directory), content)
    halves = {name: x if name == "base" else x.half() for name, x in tensors.items()}
    sha256 = hashlib.sha256(content).hexdigest()
    return save(NAME, directory, halves, heads, {"vocabulary_sha256": sha256, **facts})


def vocabulary_file(directory: Path) -> Path:
    """Return the path of the tokenizer among the three files."""
    return directory / f"{NAME}-vocabulary.json"


@final
@dataclass(frozen=True, kw_only=True)
class TinyGpt2Family(FrozenFamily):
    """Experts that ship; nothing is trained, and texts are encoded on first use."""

    def load(self) -> FrozenExperts:
        """The experts in the package, checked against their manifest."""
        return load_shipped()

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check whether the weights and the texts of the given tasks are present."""
        try:
            self._frozen  # noqa: B018 - reading it checks the files
        except IntegrityError as error:
            yield Finding("weights", False, str(error))
        else:
            yield Finding("weights", True, "ship with fusefront")
        yield from texts_preflight(tasks)

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Encode the texts of the given tasks."""
        for task in tasks:
            report(f"{NAME}: texts of {task}")
            self._data.examples(task, "validation")

    def digest(self, tasks: Sequence[str]) -> str:
        """Digest of the weights and of the texts of the given tasks."""
        return digest([self._frozen.sha256, self._data.digest(tasks)])

    def backbone(self) -> nn.Module:
        """The pretrained network; only parameters that experts change require gradients."""
        frozen = self._frozen
        network = LastToken(frozen.manifest["config"])
        network.load_state_dict(frozen.embeddings | frozen.layout.unflatten(frozen.pretrained))
        return network

    def examples(self, task: str, split: Split) -> Examples:
        """Token ids `(n, L)` and labels of a task."""
        return self._data.examples(task, split)

    @cached_property
    def _data(self) -> TextData:
        manifest, vocabulary = self._frozen.manifest, vocabulary_file(SHIPPED)
        length = manifest["length"]
        return TextData(
            encoder=lambda: Encoder(
                Tokenizer.from_file(str(vocabulary)), length=length, padding=PADDING
            ),
            identity=f"{manifest['vocabulary_sha256']} {length}",
        )
