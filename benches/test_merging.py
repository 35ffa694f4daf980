"""Forming one merged model: ExpertPool compared with fusion-bench's module and the usual loops.

57 million parameters in the shapes of ViT-B/32's twelve MLPs.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benches.peers import PWEMOE, peer_module
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.layout import Layout

BLOCKS, WIDTH, INNER = 12, 768, 3072
SHAPES = {
    "fc1.weight": (INNER, WIDTH),
    "fc1.bias": (INNER,),
    "fc2.weight": (WIDTH, INNER),
    "fc2.bias": (WIDTH,),
}


@cache
def pool(tasks: int) -> ExpertPool:
    names = tuple(f"layers.{i}.mlp.{n}" for i in range(BLOCKS) for n in SHAPES)
    layout = Layout(names=names, shapes=tuple(SHAPES.values()) * BLOCKS)
    generator = torch.Generator().manual_seed(0)
    return ExpertPool(
        pretrained=torch.empty(layout.size).normal_(generator=generator),
        task_vectors=torch.empty(tasks, layout.size).normal_(generator=generator),
        layout=layout,
        names=[f"task{t}" for t in range(tasks)],
    )


def merged(tasks: int) -> Callable[[], Tensor]:
    coefficients = Coefficients(values=torch.linspace(0.1, 0.5, tasks))
    return lambda: pool(tasks).merge(coefficients)


class Mlp(nn.Module):
    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        with torch.device("meta"):
            self.fc1, self.fc2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.load_state_dict(tensors, assign=True)


@pytest.mark.parametrize("tasks", [2, 8])
def test_fusion_bench(tasks: int, compare: Callable[..., Any]) -> None:
    module = peer_module(*PWEMOE).ParetoWeightEnsemblingModule
    layout = pool(tasks).layout

    def mlps(params: Tensor) -> list[Mlp]:
        named = layout.unflatten(params)
        return [
            Mlp({n: named[f"layers.{i}.mlp.{n}"].clone() for n in SHAPES}) for i in range(BLOCKS)
        ]

    experts = [mlps(pool(tasks).pretrained + vector) for vector in pool(tasks).task_vectors]
    base = mlps(pool(tasks).pretrained)
    routed = [
        module(base_model=b, expert_models=[e[i] for e in experts], router_hidden_layers=2)
        for i, b in enumerate(base)
    ]
    del experts, base
    for one in routed:
        one._set_preference_vector(torch.full((tasks,), 1 / tasks))

    @torch.no_grad()
    def theirs() -> object:
        return [one._merge_state_dict() for one in routed]

    compare(
        merged(tasks), theirs, what=f"Merging 57M x {tasks}",
        peer_name="fusion-bench's module", goal=10.0 if tasks == 8 else None,
    )  # fmt: skip


@pytest.mark.parametrize("tasks", [2, 8])
def test_loop_over_the_tensors(tasks: int, compare: Callable[..., Any]) -> None:
    layout = pool(tasks).layout
    base = layout.unflatten(pool(tasks).pretrained)
    vectors = [layout.unflatten(row) for row in pool(tasks).task_vectors]
    weights = torch.linspace(0.1, 0.5, tasks).tolist()

    def loop() -> dict[str, Tensor]:
        found = {}
        for name, value in base.items():
            for weight, vector in zip(weights, vectors, strict=True):
                value = value + weight * vector[name]
            found[name] = value
        return found

    compare(
        merged(tasks), loop, what=f"Merging 57M x {tasks}",
        peer_name="a loop over the tensors", goal=2.5 if tasks == 8 else None,
    )  # fmt: skip


def test_copy_bandwidth(compare: Callable[..., Any]) -> None:
    """Nine vectors are read and one is written: a merge at this ratio is as fast as a copy."""
    source = torch.empty(5 * pool(8).layout.size)
    target = torch.empty_like(source)
    compare(
        merged(8), lambda: target.copy_(source), what="Merging 57M x 8: share of copy bandwidth",
        peer_name="copying as many bytes", goal=0.75,
    )  # fmt: skip


def test_eleven_models_at_once(compare: Callable[..., Any]) -> None:
    rows = torch.rand(11, 1, 8, generator=torch.Generator().manual_seed(0))
    groups = pool(8).layout.groups("task")

    def one_by_one() -> list[Tensor]:
        return [pool(8).merge(Coefficients(values=row[0])) for row in rows]

    compare(
        lambda: pool(8).merge_many(rows, groups), one_by_one,
        what="Forming 11 models of 57M x 8 at once", peer_name="one by one", goal=None, rounds=3,
    )  # fmt: skip
