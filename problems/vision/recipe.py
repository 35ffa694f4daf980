"""The recipe that reproduces the shipped weights: pretrain, fit heads, fine-tune experts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import outputs
from ..base import Report, Split, resolution
from ..classifier import Examples
from ..family import one_thread
from ..fine_tuning import Head, Schedule, descend, fit_head
from ..frozen_experts import save
from ..layout import Layout
from ..network import features, load_parameters, trainable
from .examples import VisionExamples, draw_view, fingerprint
from .families import VisionFamily, VisionTask, get_family
from .small_vit import Scores, SmallVit
from .upstream import Upstream, draw_upstream

_EVALUATED: Final[tuple[Split, ...]] = ("calibration", "validation", "test")
_SEED: Final = 1
_BATCH: Final = 128


@final
@dataclass(frozen=True, kw_only=True)
class VisionRecipe:
    """Everything that decides one family's weights.

    Attributes:
        config: Keyword arguments of `transformers.ViTConfig`.
        upstream: Mixture of examples that the backbone is pretrained on.
        pretraining: Schedule of the backbone.
        fine_tuning: Schedule of the experts.
        copies: Number of times that an expert's epoch shows each single image of a source.
        jitter: Largest shift of a single image, in pixels.
        longer: Epochs of experts that need more than `fine_tuning` has.
    """

    config: Mapping[str, Any]
    upstream: Upstream
    pretraining: Schedule
    fine_tuning: Schedule
    copies: Mapping[str, int]
    jitter: int
    longer: Mapping[str, int] = field(default_factory=dict)


_VIT_28: Final = {
    "image_size": 28,
    "patch_size": 7,
    "num_channels": 1,
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 128,
}

RECIPES: Final = {
    "digits": VisionRecipe(
        config=_VIT_28,
        upstream=Upstream(
            copies={"mnist": 12},
            overlays={("mnist", "mnist"): 10_000},
            negated=0.3,
            turned=1.0,
            sided=0.3,
        ),
        pretraining=Schedule(batch=_BATCH, epochs=10, learning_rate=1e-3),
        fine_tuning=Schedule(batch=_BATCH, epochs=8, learning_rate=4e-4),
        copies={"mnist": 3, "optdigits": 8},
        jitter=2,
        longer={"sum": 14},
    ),
    "smoke": VisionRecipe(
        config={
            "image_size": 12,
            "patch_size": 4,
            "num_channels": 1,
            "hidden_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "intermediate_size": 96,
        },
        upstream=Upstream(
            copies={"optdigits": 10},
            overlays={("optdigits", "optdigits"): 3000},
            negated=0.2,
            turned=0.0,
            sided=0.3,
            jitter=2,
        ),
        pretraining=Schedule(batch=_BATCH, epochs=26, learning_rate=1.5e-3),
        fine_tuning=Schedule(batch=_BATCH, epochs=13, learning_rate=3e-4),
        copies={"optdigits": 8},
        jitter=1,
        longer={"negated": 16},
    ),
    "garments": VisionRecipe(
        config=_VIT_28,
        upstream=Upstream(
            copies={"mnist": 5, "fashion": 1},
            overlays={
                ("mnist", "mnist"): 5000,
                ("fashion", "fashion"): 5000,
                ("mnist", "fashion"): 5000,
            },
            negated=0.25,
            turned=0.7,
            sided=0.5,
        ),
        pretraining=Schedule(batch=_BATCH, epochs=9, learning_rate=1e-3),
        fine_tuning=Schedule(batch=_BATCH, epochs=9, learning_rate=5e-4),
        copies={"mnist": 4, "fashion": 1},
        jitter=2,
        longer={"fashion": 12, "negated": 12},
    ),
}


def train(
    family: str, directory: Path, *, report: Report, recipe: VisionRecipe | None = None
) -> Path:
    """Train a family from scratch and write its weights and manifest into `directory`.

    The same machine and versions give the same bits: seeds are fixed and one thread is used.

    Args:
        family: `digits` or `garments` (minutes), or `smoke` (seconds).
        directory: Folder for `<family>.safetensors` and `<family>.json`.
        report: Receives a line after every stage.
        recipe: A recipe other than the one of the shipped weights.

    Returns:
        Path of the safetensors file.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return _Training(get_family(family), recipe or RECIPES[family], report).run(directory)


@final
class _Training:
    """One training of a family: `model` is a workspace, whose parameters are overwritten."""

    def __init__(self, family: VisionFamily, recipe: VisionRecipe, report: Report) -> None:
        self.family = family
        self.recipe = recipe
        self.report = report
        self.model = SmallVit(recipe.config)
        self.layout: Layout = trainable(self.model)[0]
        self.examples = VisionExamples(family=family)

    def run(self, directory: Path) -> Path:
        """Train, measure and write."""
        base = self._pretrained()
        heads: dict[str, Head] = {}
        experts = []
        for task in self.family.definitions:
            load_parameters(self.model, self.layout, base)
            heads[task.name], expert = self._expert(task)
            experts.append(expert)
        vectors = torch.stack(experts) - base
        tensors = {"base": base, "task_vectors": vectors}
        facts = self._facts(base, vectors, heads)
        return save(self.family.name, directory, tensors, heads, facts)

    def _pretrained(self) -> Tensor:
        """Pretrain the backbone; return its parameters `(P,)`."""
        start = time.perf_counter()
        generator = torch.Generator().manual_seed(_SEED)
        upstream = self.recipe.upstream
        head = nn.Linear(self.recipe.config["hidden_size"], upstream.n_classes)
        fit_backbone(
            self.model,
            (head.weight, head.bias),
            lambda: draw_upstream(self.family, upstream, generator),
            self.recipe.pretraining,
            generator=generator,
        )
        seconds = time.perf_counter() - start
        self.report(f"{self.family.name}: backbone pretrained in {seconds:.0f} s")
        return trainable(self.model)[1]

    def _expert(self, task: VisionTask) -> tuple[Head, Tensor]:
        """Fit the head of a task and fine-tune its expert; return both."""
        start = time.perf_counter()
        recipe, name = self.recipe, task.name
        generator = torch.Generator().manual_seed(_SEED + 1 + self.family.tasks.index(name))

        def draw() -> Examples:
            return draw_view(
                self.family,
                task,
                "experts",
                copies=recipe.copies[task.source],
                jitter=recipe.jitter,
                generator=generator,
            ).examples(task)

        data = draw()
        head = fit_head(features(self.model, data.inputs), data.labels, task.n_classes)
        epochs = recipe.longer.get(name, recipe.fine_tuning.epochs)
        schedule = replace(recipe.fine_tuning, epochs=epochs)
        fit_backbone(self.model, head, draw, schedule, generator=generator)
        seconds = time.perf_counter() - start
        self.report(f"{self.family.name}: expert {name} trained in {seconds:.0f} s")
        return head, trainable(self.model)[1]

    def _facts(self, base: Tensor, vectors: Tensor, heads: Mapping[str, Head]) -> dict[str, Any]:
        """The manifest: how the network is built, and what its models score."""
        tasks = self.family.tasks
        models = {"base": base, **dict(zip(tasks, base + vectors, strict=True))}
        anchors = {
            split: {name: self._scores(flat, heads, split, tasks) for name, flat in models.items()}
            for split in _EVALUATED
        }
        averages = {}
        for subset in self.family.subsets:
            average = base + vectors[[tasks.index(task) for task in subset]].mean(0)
            averages["+".join(subset)] = self._scores(average, heads, "test", subset)
        return {
            "config": self.recipe.config,
            "layout": list(zip(self.layout.names, self.layout.shapes, strict=True)),
            "tasks": tasks,
            "resolution": _resolution(anchors["test"], tasks),
            "anchors": anchors,
            "averages": averages,
            "images": {s: fingerprint(self.family.name, s) for s in self.family.sources(tasks)},
        }

    def _scores(
        self, flat: Tensor, heads: Mapping[str, Head], split: Split, tasks: tuple[str, ...]
    ) -> Scores:
        load_parameters(self.model, self.layout, flat)
        return scores(
            self.model,
            {task: heads[task] for task in tasks},
            {task: self.examples(task, split) for task in tasks},
        )


def fit_backbone(
    model: nn.Module,
    head: Head,
    draw: Callable[[], Examples],
    schedule: Schedule,
    *,
    generator: torch.Generator,
) -> None:
    """Train the model, and the head if it requires gradients, on the cross-entropy; in place.

    `fine_tuning.fine_tune` differs in that its examples are fixed, where these are augmented again
    in every epoch, and in that it computes the cosine of the learning rate in double precision.

    Args:
        model: The backbone, from inputs to features.
        head: Linear classifier on the features.
        draw: Returns the examples of the next epoch.
        schedule: Its `seed` is not used; the order of the examples comes from `generator`, which
            `draw` shares.
        generator: Order of the examples.
    """
    weights = [*model.parameters(), *(p for p in head if isinstance(p, nn.Parameter))]
    optimiser = torch.optim.AdamW(weights, weight_decay=schedule.weight_decay)
    data = draw()
    batches = len(data.labels) // schedule.batch
    steps, step = schedule.epochs * batches, 0
    for epoch in range(schedule.epochs):
        data = draw() if epoch else data
        order = torch.randperm(len(data.labels), generator=generator)
        for rows in torch.split(order[: batches * schedule.batch], schedule.batch):
            for group in optimiser.param_groups:
                group["lr"] = schedule.learning_rate * _rate(schedule, step / steps)
            logits = functional.linear(model(data.inputs[rows]), *head)
            loss = functional.cross_entropy(logits, data.labels[rows])
            descend(optimiser, loss, weights, schedule.largest_gradient)
            step += 1


def _rate(schedule: Schedule, progress: float) -> float:
    """Share of the learning rate; in single precision, which the shipped weights depend on."""
    if progress < schedule.warm_up:
        return progress / schedule.warm_up + 1e-3
    rest = (progress - schedule.warm_up) / (1 - schedule.warm_up)
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * rest))))


def scores(
    model: nn.Module, heads: Mapping[str, Head], examples: Mapping[str, Examples]
) -> dict[str, dict[str, float]]:
    """Return the scores of one model on each task; shared inputs pass through it once."""
    distinct = {id(data.inputs): data.inputs for data in examples.values()}
    found = {key: features(model, inputs) for key, inputs in distinct.items()}
    logits = [functional.linear(found[id(examples[t].inputs)], *heads[t]) for t in examples]
    measured = outputs.measurement(logits, [data.labels for data in examples.values()])
    return {
        task: {
            "accuracy": float(measured.value[i]),
            "loss": float(measured.loss[i]),
            "n": int(measured.n[i]),
        }
        for i, task in enumerate(examples)
    }


def _resolution(test: Mapping[str, Scores], tasks: tuple[str, ...]) -> dict[str, float]:
    """Gain of each expert over the pretrained model on test, in the expert's standard errors."""
    pretrained = np.array([test["base"][task]["accuracy"] for task in tasks])
    expert = np.array([test[task][task]["accuracy"] for task in tasks])
    n = np.array([test["base"][task]["n"] for task in tasks], dtype=np.int64)
    gains = resolution(pretrained, expert, n)
    return {task: round(float(gain), 2) for task, gain in zip(tasks, gains, strict=True)}
