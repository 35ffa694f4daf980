"""Quadratic losses over two matrices and a vector, so that low-rank terms have minimisers."""

import numpy as np
import torch
from tests.algorithms.quadratic import QuadraticOracle

from fusefront.problems.base import Anchors
from fusefront.problems.budget import Budget
from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout
from fusefront.problems.view import ProblemView

LAYOUT = Layout(
    names=("layers.0.mlp.w", "layers.0.mlp.b", "layers.1.mlp.w"), shapes=((4, 3), (3,), (3, 4))
)


def matrix_view(m: int, units: int | None = None) -> ProblemView:
    """Loss of task i is |params - expert_i|^2 / 2; the pretrained model is not at the origin."""
    generator = torch.Generator().manual_seed(m)
    base, *targets = torch.randn(m + 1, LAYOUT.size, generator=generator) / LAYOUT.size**0.5
    oracle = QuadraticOracle(torch.stack(targets))
    pretrained = oracle.measure(base, "validation")
    experts = [oracle.measure(target, "validation") for target in targets]
    return ProblemView(
        tasks=tuple(f"task-{i}" for i in range(m)),
        experts=ExpertPool(
            pretrained=base,
            task_vectors=torch.stack(targets) - base,
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
