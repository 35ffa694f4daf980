"""Vision transformers of CLIP's shapes with random weights, as problems and as plain modules."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from fusefront.problems.base import Anchors, Batch
from fusefront.problems.budget import Budget, Precision
from fusefront.problems.classifier import ClassifierOracle, Examples
from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout
from fusefront.problems.view import ProblemView

B32 = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "image_size": 224,
    "patch_size": 32,
}
"""ViT-B/32's vision tower."""
CLASSES = 100


class Pooled(nn.Module):
    """CLIP's vision tower; the feature is its pooled output."""

    def __init__(self, config: dict[str, int]) -> None:
        super().__init__()
        self.vision = CLIPVisionModel(CLIPVisionConfig(**config))

    def forward(self, pixels: Tensor) -> Tensor:
        found: Tensor = self.vision(pixels).pooler_output
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """A pretrained model, T experts near it, heads and one batch per task."""

    config: dict[str, int]
    tasks: int
    batch_size: int = 16

    @cached_property
    def network(self) -> Pooled:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Pooled(self.config).eval()

    @cached_property
    def layout(self) -> Layout:
        named = dict(self.network.named_parameters())
        return Layout(names=tuple(named), shapes=tuple(tuple(p.shape) for p in named.values()))

    @cached_property
    def pool(self) -> ExpertPool:
        base = torch.cat([p.detach().reshape(-1) for p in self.network.parameters()])
        generator = torch.Generator().manual_seed(1)
        vectors = torch.empty(self.tasks, len(base)).normal_(std=1e-3, generator=generator)
        names = [f"task{t}" for t in range(self.tasks)]
        return ExpertPool(pretrained=base, task_vectors=vectors, layout=self.layout, names=names)

    @cached_property
    def heads(self) -> list[tuple[Tensor, Tensor]]:
        width = self.config["hidden_size"]
        generator = torch.Generator().manual_seed(2)
        return [
            (torch.randn(CLASSES, width, generator=generator) / width**0.5, torch.zeros(CLASSES))
            for _ in range(self.tasks)
        ]

    @cached_property
    def batch(self) -> Batch:
        size, side, m = self.batch_size, self.config["image_size"], self.tasks
        generator = torch.Generator().manual_seed(3)
        ends = list(range(0, size * m + 1, size))
        return Batch(
            inputs=torch.randn(size * m, 3, side, side, generator=generator),
            segments=tuple(slice(a, b) for a, b in pairwise(ends)),
            labels=tuple(torch.randint(CLASSES, (size,), generator=generator) for _ in range(m)),
        )

    def view(self, precision: Precision) -> ProblemView:
        """Open a view without validation data, which a training step does not use."""
        m = self.tasks
        empty = [Examples(inputs=torch.zeros(0, 1), labels=torch.zeros(0).long())] * m
        oracle = ClassifierOracle(
            backbone=self.network,
            features=_unchanged,
            layout=self.layout,
            heads=self.heads,
            splits={"calibration": empty, "validation": empty},
        )
        values, errors = np.linspace(0.2, 0.4, m), np.full(m, 2.0)
        anchors = Anchors(
            pretrained=values,
            experts=np.full((m, m), 0.9),
            average=None,
            pretrained_loss=errors,
            experts_loss=np.full((m, m), 0.5),
            average_loss=None,
            n=np.full(m, 1000),
        )
        return ProblemView(
            tasks=tuple(self.pool.names),
            experts=self.pool,
            oracle=oracle,
            anchors=anchors,
            budget=Budget(),
            data_seed=0,
            precision=precision,
        )

    def experts(self) -> list[Pooled]:
        """Return each expert as a separate module, as peers expect them."""
        return [self._module(self.pool.pretrained + vector) for vector in self.pool.task_vectors]

    def arithmetic(self, coefficient: float) -> Pooled:
        """Task arithmetic as a module."""
        return self._module(self.pool.pretrained + coefficient * self.pool.task_vectors.sum(0))

    def _module(self, params: Tensor) -> Pooled:
        module = Pooled(self.config).eval().requires_grad_(False)
        module.load_state_dict(self.layout.unflatten(params))
        return module


def _unchanged(output: Any) -> Tensor:
    features: Tensor = output
    return features
