"""Examples of language tasks as token ids, encoded once per machine and cached."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ...errors import MissingDataError
from ..base import Finding
from ..cache import cache_directory, cached_tensors, digest
from ..classifier import Examples
from .splits import SIZES, SOURCES, TextSplit, rows_of_splits
from .tasks import get_task

_CHARACTERS_READ: Final = 12
"""Characters of a text that are read per token of its length; encoding full emails is slow."""


@final
class Encoder:
    """A tokenizer that truncates and pads.

    Args:
        tokenizer: It is modified to truncate, so it must not be shared.
        length: Number of tokens of every text.
        padding: Token id of the padding.
    """

    def __init__(self, tokenizer: Tokenizer, *, length: int, padding: int) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(length)
        self._tokenizer = tokenizer
        self._length = length
        self._padding = padding

    def ids(self, texts: Sequence[str]) -> Tensor:
        """`(n, length)` int64 ids of n texts."""
        found = torch.full((len(texts), self._length), self._padding, dtype=torch.int64)
        for row, text in enumerate(texts):
            ids = self._tokenizer.encode(text[: _CHARACTERS_READ * self._length]).ids
            real = [i for i in ids if i != self._padding]  # a text may contain the padding token
            found[row, : len(real)] = torch.tensor(real)
        return found


_CODE: Final = 1
"""Raised when readers, splits or this module give different examples from the same files."""
_SPLITS: Final[tuple[TextSplit, ...]] = ("experts", "calibration", "validation", "test")


@final
@dataclass(frozen=True, kw_only=True)
class TextData:
    """Examples of tasks; a corpus is encoded once per machine, and read once per object.

    Args:
        encoder: Creates the encoder; called when texts are read.
        identity: Identifies the encoder in the cache.
        most: Maximum number of examples of a split, the first ones; all if it is not listed.
    """

    encoder: Callable[[], Encoder]
    identity: str
    most: tuple[tuple[str, int], ...] = ()

    def examples(self, task: str, split: TextSplit) -> Examples:
        """Return the examples of a task; questions about the same texts share the same inputs.

        Raises:
            MissingDataError: If the corpus is not on this machine.
        """
        found = get_task(task)
        tensors = self._tensors(found.source)
        key = (found.source, split)
        if key not in self._inputs:
            self._inputs[key] = tensors[split][: dict(self.most).get(split)]
        inputs = self._inputs[key]
        labels = tensors[f"{split}.{found.question}"][: len(inputs)]
        return Examples(inputs=inputs, labels=labels)

    def digest(self, tasks: Sequence[str]) -> str:
        """Return a digest of the files of the examples, and of how these are split and encoded."""
        sources = {get_task(task).source for task in tasks}
        return digest([self.most, sorted((name, self._identity(name)) for name in sources)])

    def _identity(self, source: str) -> str:
        if source not in self._identities:
            facts = [_CODE, SIZES[source].facts(), SOURCES[source].sha256(), self.identity]
            self._identities[source] = digest(facts)
        return self._identities[source]

    def _tensors(self, source: str) -> dict[str, Tensor]:
        if source not in self._loaded:
            name = f"{source}-{self._identity(source)}.safetensors"
            path = cache_directory() / "tokens" / name
            self._loaded[source] = cached_tensors(path, lambda: self._encoded(source))
        return self._loaded[source]

    def _encoded(self, source: str) -> dict[str, Tensor]:
        corpus, encoder = SOURCES[source].corpus(), self.encoder()
        rows = rows_of_splits(corpus, SIZES[source])
        tensors: dict[str, Tensor] = {
            split: encoder.ids([corpus.texts[i] for i in rows[split]]) for split in _SPLITS
        }
        for question, answers in corpus.answers.items():
            # Sorted, so that class indices do not depend on the order of the texts.
            place = {answer: i for i, answer in enumerate(sorted(set(answers)))}
            for split in _SPLITS:
                labels = [place[answers[i]] for i in rows[split]]
                tensors[f"{split}.{question}"] = torch.tensor(labels)
        return tensors

    @cached_property
    def _inputs(self) -> dict[tuple[str, str], Tensor]:
        return {}

    @cached_property
    def _loaded(self) -> dict[str, dict[str, Tensor]]:
        return {}

    @cached_property
    def _identities(self) -> dict[str, str]:
        return {}


def texts_preflight(tasks: Sequence[str]) -> Iterator[Finding]:
    """Check whether the corpora of the given tasks are on this machine, without reading them."""
    for source in dict.fromkeys(get_task(task).source for task in tasks):
        try:
            files = SOURCES[source].files()
        except MissingDataError as error:
            yield Finding(f"texts of {source}", False, str(error))
        else:
            yield Finding(f"texts of {source}", True, ", ".join(str(path) for path in files))
