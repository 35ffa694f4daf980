"""A recipe of `FirstUseFamily` small enough for every test: the toy backbone and its clusters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import final

import torch
from torch import nn

from fusefront.problems.base import Finding
from fusefront.problems.classifier import Examples
from fusefront.problems.fine_tuning import Schedule
from fusefront.problems.trained_experts import ExpertTraining, TrainingRecipe, TrainingSplit
from fusefront.testing.toy_problem import CLASSES, INPUTS, Backbone

CLUSTERS, NOISE = 16, 0.3
SIZES = {"experts": 160, "calibration": 20, "validation": 40, "test": 200}


@final
@dataclass(frozen=True, kw_only=True)
class ToyRecipe(TrainingRecipe):
    """Tasks `odd` and `even` share inputs, `apart` has its own; embeddings are frozen."""

    name: str = "toy"
    version: int = 1
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=4, learning_rate=3e-2, batch=16)
    )
    missing: str = ""
    base_seed: int = 0
    data_seed: int = 0

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        yield Finding("data", not self.missing, self.missing or "here")

    def pretrained_sha256(self) -> str:
        return f"base {self.base_seed}"

    def backbone(self) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.base_seed)
            network = Backbone()
        network.embeddings.requires_grad_(False)
        return network

    def training(self, task: str) -> ExpertTraining:
        return ExpertTraining(n_classes=CLASSES, schedule=self.schedule)

    def seconds(self, task: str) -> float:
        return 150.0

    def examples(self, task: str, split: TrainingSplit) -> Examples:
        return _drawn(self.data_seed)[split][("odd", "even", "apart").index(task)]


@cache
def _drawn(seed: int) -> dict[str, list[Examples]]:
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLUSTERS, INPUTS, generator=generator) * 1.5
    questions = torch.randint(CLASSES, (3, CLUSTERS), generator=generator)
    drawn: dict[str, list[Examples]] = {}
    for split, n in SIZES.items():
        shared, own = torch.randint(CLUSTERS, (2, n), generator=generator)
        first = centres[shared] + NOISE * torch.randn(n, INPUTS, generator=generator)
        second = NOISE * torch.randn(n, INPUTS, generator=generator) - centres[own]
        shown = ((first, shared), (first, shared), (second, own))
        drawn[split] = [
            Examples(inputs=inputs, labels=answers[cluster])
            for (inputs, cluster), answers in zip(shown, questions, strict=True)
        ]
    return drawn
