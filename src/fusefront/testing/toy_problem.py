"""A fusion problem small enough for every test: Gaussian clusters, a two-block network, experts.

Tasks 0 and 1 ask different questions about the same inputs; task 2 has its own, fewer inputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..problems.base import Anchors, DistributionOracle, Oracle, Problem, Split
from ..problems.budget import Budget, Precision
from ..problems.classifier import ClassifierOracle, Examples
from ..problems.experts import ExpertPool
from ..problems.layout import Layout
from ..problems.view import ProblemView

torch.set_num_threads(1)  # with more threads, matrices this small are many times slower

INPUTS, WIDTH, CLUSTERS, CLASSES = 6, 8, 6, 3
SIZES: Mapping[Split, tuple[int, int]] = {
    "calibration": (60, 50),
    "validation": (80, 40),
    "test": (100, 60),
}
"""Number of inputs that tasks 0 and 1 share, and of task 2's own inputs."""


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, WIDTH)
        self.fc2 = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(torch.tanh(self.fc1(x)))
        return out


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Linear(WIDTH, WIDTH)
        self.mlp = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        x = x + torch.tanh(self.attention(x))
        out: Tensor = x + self.mlp(x)
        return out


class Backbone(nn.Module):
    """A network with the parameter names of a transformer: embeddings, two blocks, a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Linear(INPUTS, WIDTH)
        self.layers = nn.ModuleList([Block(), Block()])
        self.layernorm = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embeddings(x)
        for block in self.layers:
            x = block(x)
        out: Tensor = self.layernorm(x)
        return out


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ToyProblem(Problem):
    """A problem with trained experts on `tasks`; see the module's docstring."""

    tasks: tuple[str, ...]
    pretrained: Tensor
    task_vectors: Tensor
    heads: Sequence[tuple[Tensor, Tensor]]
    splits: Mapping[Split, Sequence[Examples]]

    def hash(self) -> str:
        return "toy"

    def pool(self) -> ExpertPool:
        return ExpertPool(
            pretrained=self.pretrained.clone(),
            task_vectors=self.task_vectors.clone(),
            layout=toy_layout(),
            names=self.tasks,
        )

    def oracle(self, splits: frozenset[Split]) -> DistributionOracle:
        return ClassifierOracle(
            backbone=Backbone(),
            features=_identity,
            layout=toy_layout(),
            heads=self.heads,
            splits={split: self.splits[split] for split in splits},
        )

    def anchors(self, split: Split) -> Anchors:
        oracle, pool = self.oracle(frozenset({split})), self.pool()
        pretrained = oracle.measure(pool.pretrained, split)
        experts = [oracle.measure(pool.pretrained + t, split) for t in pool.task_vectors]
        return Anchors(
            pretrained=pretrained.value,
            experts=np.array([e.value for e in experts]),
            average=None,
            pretrained_loss=pretrained.loss,
            experts_loss=np.array([e.loss for e in experts]),
            average_loss=None,
            n=pretrained.n,
        )

    def reordered(self, order: Sequence[int]) -> "ToyProblem":
        """Return the same problem with its tasks in another order."""
        return replace(
            self,
            tasks=tuple(self.tasks[i] for i in order),
            task_vectors=self.task_vectors[list(order)],
            heads=[self.heads[i] for i in order],
            splits={name: [data[i] for i in order] for name, data in self.splits.items()},
        )

    def with_equal_experts(self) -> "ToyProblem":
        """Return a problem of the same size in which every task is the first one."""
        return self.reordered([0] * len(self.tasks))


def open_view(
    problem: Problem,
    *,
    units: int | None = None,
    oracle: Oracle | None = None,
    data_seed: int = 0,
    transductive: bool = False,
    precision: Precision = "float32",
) -> ProblemView:
    """Return the problem's view, with a cap on units."""
    return ProblemView(
        tasks=problem.tasks,
        experts=problem.pool(),
        oracle=oracle or problem.oracle(frozenset({"calibration", "validation"})),
        anchors=problem.anchors("validation"),
        budget=Budget(units=units),
        data_seed=data_seed,
        precision=precision,
        test=problem.oracle(frozenset({"test"})) if transductive else None,
    )


@cache
def toy_layout() -> Layout:
    names, shapes = zip(
        *((n, tuple(p.shape)) for n, p in Backbone().named_parameters()), strict=True
    )
    return Layout(names=names, shapes=shapes)


@cache
def toy_problem(m: int) -> ToyProblem:
    """Return the problem of the first m of three tasks; it is created once and never modified."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        start = torch.cat([p.detach().flatten() for p in Backbone().parameters()])
        heads = [(torch.randn(CLASSES, WIDTH), torch.zeros(CLASSES)) for _ in range(3)]
        train = _draw(200, 200)
        base = _train(start, heads, train, [0, 1, 2], steps=10)
        experts = [_train(base, heads, train, [task], steps=60) for task in range(m)]
        return ToyProblem(
            tasks=("odd", "even", "apart")[:m],
            pretrained=base,
            task_vectors=torch.stack(experts) - base,
            heads=heads[:m],
            splits={split: _draw(*sizes)[:m] for split, sizes in SIZES.items()},
        )


def _identity(output: object) -> Tensor:
    assert isinstance(output, Tensor)
    return output


def _draw(shared: int, own: int) -> list[Examples]:
    questions = np.random.default_rng(3).integers(CLASSES, size=(3, CLUSTERS))
    centres = torch.from_numpy(np.random.default_rng(4).normal(0, 1.5, (CLUSTERS, INPUTS))).float()
    found = []
    for size, asked, sign in ((shared, questions[:2], 1), (own, questions[2:], -1)):
        cluster = torch.randint(CLUSTERS, (size,))
        inputs = sign * centres[cluster] + torch.randn(size, INPUTS)
        found += [Examples(inputs=inputs, labels=torch.from_numpy(q)[cluster]) for q in asked]
    return found


def _train(
    start: Tensor,
    heads: Sequence[tuple[Tensor, Tensor]],
    data: Sequence[Examples],
    tasks: Sequence[int],
    *,
    steps: int,
) -> Tensor:
    network, params = Backbone(), start.clone().requires_grad_()
    optimiser = torch.optim.Adam([params], lr=1e-2)
    for _ in range(steps):
        named = toy_layout().unflatten(params)
        loss = torch.zeros(())
        for t in tasks:
            features = torch.func.functional_call(network, named, (data[t].inputs,))
            logits = functional.linear(features, *heads[t])
            loss = loss + functional.cross_entropy(logits, data[t].labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return params.detach()
