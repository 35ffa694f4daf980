"""A pool small enough for loops over single entries."""

import torch

from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout

LAYOUT = Layout(
    names=("layers.0.mlp.weight", "layers.0.mlp.bias", "layers.1.mlp.weight", "norm.weight"),
    shapes=((4, 6), (4,), (6, 4), (5,)),
)


def small_pool(m: int) -> ExpertPool:
    """Random pretrained model and task vectors of two matrices and two vectors."""
    generator = torch.Generator().manual_seed(m)
    return ExpertPool(
        pretrained=torch.randn(LAYOUT.size, generator=generator),
        task_vectors=torch.randn(m, LAYOUT.size, generator=generator),
        layout=LAYOUT,
        names=[f"expert-{i}" for i in range(m)],
    )
