"""An oracle whose task losses are quadratic in the weights, so that every minimiser is known."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from fusefront.errors import NotApplicableError
from fusefront.problems.base import Anchors, Batch, DistributionOracle, Measurement, Split
from fusefront.problems.budget import Budget
from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout
from fusefront.problems.view import ProblemView

SIZE = 10
LAYOUT = Layout(names=("layers.0.mlp.w", "norm.w"), shapes=((8,), (2,)))


@final
class QuadraticOracle(DistributionOracle):
    """Loss of task i is |params - target_i|^2 / 2; value is 1 - loss; entropies are the losses.

    Everything else that needs distributions is refused.
    """

    def __init__(self, targets: Tensor) -> None:
        self.targets = targets

    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        size = len(rows[0])
        segments = tuple(slice(i * size, (i + 1) * size) for i in range(len(rows)))
        inputs = torch.zeros(size * len(rows), 1)
        labels = tuple(torch.zeros(size) for _ in rows) if labelled else None
        return Batch(inputs=inputs, segments=segments, labels=labels)

    def length(self, split: Split) -> list[int]:
        return [32] * len(self.targets)

    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        return 0.5 * (params - self.targets).square().sum(dim=1)

    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        return self.losses(params, batch)

    def task_entropies(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        return self.task_losses(named, batch, tasks)

    def refuse(self, *_: object, **__: object) -> Any:
        raise NotApplicableError("quadratic losses come without distributions")

    logits = features = heads = classes = split_features = judge = grams = refuse

    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        loss = (0.5 * (params - self.targets).square().sum(dim=1)).double().numpy()
        m = len(self.targets)
        return Measurement(
            value=1 - loss,
            loss=loss,
            n=np.full(m, 32),
            outcomes=tuple(np.zeros(32, dtype=bool) for _ in range(m)),
        )

    def forwards(self, split: Split, examples: int | None = None) -> int:
        return 32


def quadratic_view(m: int, units: int | None = None) -> ProblemView:
    """Return a view with experts at the targets and the pretrained model at the origin."""
    generator = torch.Generator().manual_seed(m)
    targets = torch.randn(m, SIZE, generator=generator) / SIZE**0.5
    oracle = QuadraticOracle(targets)
    pretrained = oracle.measure(torch.zeros(SIZE), "validation")
    experts = [oracle.measure(target, "validation") for target in targets]
    return ProblemView(
        tasks=tuple(f"task-{i}" for i in range(m)),
        experts=ExpertPool(
            pretrained=torch.zeros(SIZE),
            task_vectors=targets.clone(),
            layout=LAYOUT,
            names=[f"expert-{i}" for i in range(m)],
        ),
        oracle=oracle,
        anchors=Anchors(
            pretrained=pretrained.value,
            experts=np.array([e.value for e in experts]),
            average=None,
            pretrained_loss=pretrained.loss,
            experts_loss=np.array([e.loss for e in experts]),
            average_loss=None,
            n=pretrained.n,
        ),
        budget=Budget(units=units),
        data_seed=0,
    )
