"""The recipe that reproduces the shipped `tiny-gpt2`: vocabulary, language model, experts."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from torch.nn import functional

from .. import outputs
from ..base import Report, resolution
from ..classifier import Examples
from ..family import one_thread
from ..fine_tuning import Head, Schedule, descend, fine_tune, fit_head
from ..frozen_experts import rounded
from ..network import features, load_parameters, trainable
from .data import Encoder, TextData
from .splits import SIZES, SOURCES, rows_of_splits
from .tasks import TINY_GPT2, get_task
from .tiny_gpt2 import NAME, PADDING, LastToken, save_shipped

_CHARACTERS: Final = 4_000
"""Characters of a text that are read."""
_SHORTEST: Final = 6
"""Tokens below which a window is dropped."""
_LINE_SECONDS: Final = 10.0


@final
@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """Schedule of the language model; at most `windows` windows of each text are used."""

    epochs: float
    learning_rate: float
    batch: int = 64
    warm_up: float = 0.05
    windows: int = 8
    weight_decay: float = 0.01
    largest_gradient: float = 1.0
    seed: int = 1


def train_vocabulary(texts: Iterable[str], size: int) -> Tokenizer:
    """Train a byte-pair encoding on lower-cased texts; id 0 is the padding."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<pad>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def windows(tokenizer: Tokenizer, texts: Iterable[str], length: int, most: int) -> Tensor:
    """Return `(n, length)` ids of the first windows of each text, padded on the right."""
    found: list[list[int]] = []
    for text in texts:
        ids = [i for i in tokenizer.encode(text[:_CHARACTERS]).ids if i != PADDING]
        ids = ids[: most * length]
        pieces = (ids[start : start + length] for start in range(0, len(ids), length))
        found += [p + [PADDING] * (length - len(p)) for p in pieces if len(p) >= _SHORTEST]
    return torch.tensor(found)


def pretrain(network: LastToken, data: Tensor, plan: Pretraining, report: Report) -> None:
    """Train the network, its output tied to the embedding, on windows `(n, L)`; in place."""
    weights = list(network.requires_grad_(True).parameters())
    optimiser = torch.optim.AdamW(weights, weight_decay=plan.weight_decay)
    steps = int(plan.epochs * (len(data) // plan.batch))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, plan.learning_rate, total_steps=steps, pct_start=plan.warm_up
    )
    start = last = time.monotonic()
    for step, rows in zip(range(1, steps + 1), _batches(len(data), plan), strict=False):
        loss = _next_token_loss(network, data[rows])
        descend(optimiser, loss, weights, plan.largest_gradient)
        schedule.step()
        now = time.monotonic()
        if now - last > _LINE_SECONDS or step == steps:
            left = round((now - start) / step * (steps - step))
            line = f"{step}/{steps} steps, loss {float(loss.detach()):.2f}, ETA {left} s"
            report(f"tiny-gpt2: language model {line}")
            last = now
    network.freeze_embeddings()


def _next_token_loss(network: LastToken, ids: Tensor) -> Tensor:
    hidden, following = network.hidden(ids[:, :-1]), ids[:, 1:]
    real = following != PADDING
    logits = functional.linear(hidden[real], network.gpt2.wte.weight)
    return functional.cross_entropy(logits, following[real])


def _batches(n: int, plan: Pretraining) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(plan.seed)
    while True:
        order = torch.randperm(n, generator=generator)[: n // plan.batch * plan.batch]
        yield from torch.split(order, plan.batch)


_CREDITS: Final = (
    "Vocabulary from the glosses of WordNet 3.0, copyright 2006 by Princeton University, all "
    "rights reserved, used by its licence. Trained on texts that are not part of this package."
)


@final
@dataclass(frozen=True, kw_only=True)
class TinyGpt2Recipe:
    """Everything that decides the weights; `own` has schedules that differ from `fine_tuning`."""

    config: Mapping[str, Any]
    length: int
    tasks: tuple[str, ...]
    corpora: tuple[str, ...]  # their upstream texts train the language model
    pretraining: Pretraining
    fine_tuning: Schedule
    own: Mapping[str, Schedule] = field(default_factory=dict)
    seed: int = 1


RECIPE: Final = TinyGpt2Recipe(
    config={
        "vocab_size": 4096,
        "n_positions": 24,
        "n_embd": 96,
        "n_layer": 3,
        "n_head": 4,
        "bos_token_id": None,
        "eos_token_id": None,
    },
    length=24,
    tasks=TINY_GPT2.tasks,
    corpora=tuple(SOURCES),
    pretraining=Pretraining(epochs=1.5, learning_rate=2e-3),
    fine_tuning=Schedule(epochs=4, learning_rate=1e-3, batch=64),
    own={"sentiment": Schedule(epochs=4, learning_rate=2e-3, batch=128)},
)


def train(directory: Path, *, report: Report, recipe: TinyGpt2Recipe = RECIPE) -> Path:
    """Train `tiny-gpt2` from scratch; write weights, vocabulary and manifest into `directory`.

    The same machine and versions give the same bits: seeds are fixed and one thread is used.

    Args:
        directory: Folder for the three files.
        report: Receives a line after every stage.
        recipe: A recipe other than the one of the shipped weights.

    Returns:
        Path of the safetensors file.

    Raises:
        MissingDataError: If a corpus is not on this machine.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        vocabulary, network = _pretrained(recipe, report)
        data = _data(vocabulary, recipe.length)
        layout, pretrained = trainable(network)
        tensors: dict[str, Tensor] = {
            f"embedding.{n}": p for n, p in network.named_parameters() if n not in layout.names
        }
        scores: dict[str, dict[str, float]] = {}
        heads: dict[str, Head] = {}
        vectors = []
        for task in recipe.tasks:
            heads[task], vector, scores[task] = _specialise(network, data, task, recipe, report)
            vectors.append(vector)
    tensors |= {"base": pretrained, "task_vectors": torch.stack(vectors)}
    facts = {
        "tasks": recipe.tasks,
        "config": recipe.config,
        "length": recipe.length,
        "layout": list(zip(layout.names, layout.shapes, strict=True)),
        "scores": scores,
        "texts": data.digest(recipe.tasks),
        "credits": _CREDITS,
    }
    return save_shipped(directory, tensors, heads, vocabulary.to_str(), facts)


def _pretrained(recipe: TinyGpt2Recipe, report: Report) -> tuple[Tokenizer, LastToken]:
    corpora = {name: SOURCES[name].corpus() for name in recipe.corpora}
    vocabulary = train_vocabulary(corpora["glosses"].texts, recipe.config["vocab_size"])
    upstream = [
        corpus.texts[row]
        for name, corpus in corpora.items()
        for row in rows_of_splits(corpus, SIZES[name])["upstream"]
    ]
    plan = recipe.pretraining
    read = windows(vocabulary, upstream, recipe.length, plan.windows)
    report(f"{NAME}: {len(read)} windows of {len(upstream)} texts")
    network = LastToken(recipe.config)
    pretrain(network, read, plan, report)
    with (
        torch.no_grad()
    ):  # Embeddings ship in half precision; experts must be trained on what ships.
        for embedding in (network.gpt2.wte, network.gpt2.wpe):
            embedding.weight.copy_(rounded(embedding.weight))
    return vocabulary, network


def _data(vocabulary: Tokenizer, length: int) -> TextData:
    text = vocabulary.to_str()
    return TextData(
        encoder=lambda: Encoder(Tokenizer.from_str(text), length=length, padding=PADDING),
        identity=f"{hashlib.sha256(text.encode()).hexdigest()} {length}",
    )


def _specialise(
    network: LastToken, data: TextData, task: str, recipe: TinyGpt2Recipe, report: Report
) -> tuple[Head, Tensor, dict[str, float]]:
    """Return head, rounded task vector and scores of an expert; the network is reset after."""
    start = time.perf_counter()
    layout, pretrained = trainable(network)
    examples, test = data.examples(task, "experts"), data.examples(task, "test")
    head = fit_head(features(network, examples.inputs), examples.labels, get_task(task).classes)
    before = _accuracy(network, head, test)
    schedule = recipe.own.get(task, recipe.fine_tuning)
    fine_tune(network, head, examples, schedule, lambda step, steps, loss: None)
    vector = rounded(trainable(network)[1] - pretrained)
    load_parameters(network, layout, pretrained + vector)
    after = _accuracy(network, head, test)
    load_parameters(network, layout, pretrained)
    n = len(test.labels)
    gain = float(resolution(np.array(before), np.array(after), np.array(n)))
    scores = {"pretrained": before, "expert": after, "n": n, "resolution": gain}
    seconds = time.perf_counter() - start
    report(f"{NAME}: expert {task} {before:.3f} -> {after:.3f} on test, in {seconds:.0f} s")
    return head, vector, scores


def _accuracy(network: LastToken, head: Head, examples: Examples) -> float:
    logits = functional.linear(features(network, examples.inputs), *head)
    return float(outputs.measurement([logits], [examples.labels]).value[0])
