"""A training step of MoE fusion compared with fusion-bench's module, at ViT-B/32 shapes.

Both merge 12 routed MLPs, pass 16 images of every task forward and backward, and step Adam. Theirs
is the loop of its CLIP algorithm; EPO is its vendored solver, called as the paper's code calls it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from benches.peers import EPO_SOLVER, PWEMOE, peer_module
from benches.vit import B32, Shapes
from fusefront.algorithms.moe.router import Routers, routed_rows
from fusefront.algorithms.training.criterion import CrossEntropy
from fusefront.algorithms.training.epo import EPO
from fusefront.algorithms.training.rays import draw
from fusefront.algorithms.training.weighting import Weighting, weighted
from fusefront.algorithms.training.weightings import Linear
from fusefront.problems.budget import Precision

INITIAL = 0.3
GOALS = {
    ("float32", "ls", 2): 1.5,
    ("float32", "ls", 8): 1.5,
    ("bfloat16", "ls", 2): 2.5,
    ("bfloat16", "ls", 8): 2.5,
    ("bfloat16", "epo", 2): 4.0,
    ("bfloat16", "epo", 8): 5.0,
    ("float32", "epo", 2): None,
    ("float32", "epo", 8): None,
}
WEIGHTINGS: dict[str, Weighting] = {"ls": Linear(), "epo": EPO()}


@cache
def shapes(tasks: int) -> Shapes:
    return Shapes(config=B32, tasks=tasks)


def ours(tasks: int, precision: Precision, weighting: Weighting) -> Callable[[], float]:
    """One step of `pwemoe-ls` or `pwemoe-epo`."""
    made = shapes(tasks)
    view, batch, generator = made.view(precision), made.batch, torch.Generator().manual_seed(0)
    rows = routed_rows(made.layout.groups("module"))
    routers = Routers(space="module", routed=rows, initial=INITIAL)
    parameters = [p.requires_grad_() for p in routers.start(made.pool, generator)]
    optimiser = torch.optim.Adam(parameters, lr=1e-2)

    def step() -> float:
        preference = draw(tasks, 1.0, generator)
        loss = weighted(
            view,
            routers.decode(made.pool, parameters, preference),
            parameters,
            batch,
            preference=preference,
            weighting=weighting,
            criterion=CrossEntropy(),
            generator=generator,
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return float(loss.detach())

    return step


def theirs(tasks: int, solver: Any | None) -> Callable[[], float]:
    """One step of fusion-bench's loop."""
    module = peer_module(*PWEMOE).ParetoWeightEnsemblingModule
    made = shapes(tasks)
    model, experts = made.arithmetic(INITIAL), made.experts()
    base = made._module(made.pool.pretrained)
    for index, layer in enumerate(model.vision.encoder.layers):
        layer.mlp = module(
            base_model=base.vision.encoder.layers[index].mlp,
            expert_models=[e.vision.encoder.layers[index].mlp for e in experts],
            init_lambda=INITIAL,
            router_hidden_layers=2,
        )
    del experts, base
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=1e-2)
    random = np.random.default_rng(0)

    def step() -> float:
        ray = torch.from_numpy(random.dirichlet((1,) * tasks)).float()
        module.set_preferenece_vector(model, ray)
        losses = []
        for task, segment in enumerate(made.batch.segments):
            logits = functional.linear(model(made.batch.inputs[segment]), *made.heads[task])
            assert made.batch.labels is not None
            losses.append(functional.cross_entropy(logits, made.batch.labels[task]))
        if solver is None:
            loss = sum((r * v for r, v in zip(ray, losses, strict=True)), torch.zeros(()))
        else:
            loss = solver.get_weighted_loss(torch.stack(losses), ray, tuple(parameters))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return float(loss.detach())

    return step


@pytest.mark.parametrize("tasks", [2, 8])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["ls", "epo"])
def test_step(kind: str, precision: Precision, tasks: int, compare: Callable[..., Any]) -> None:
    solver = None
    if kind == "epo":
        solver = peer_module(*EPO_SOLVER).EPOSolver(n_tasks=tasks, n_params=None)
    compare(
        ours(tasks, precision, WEIGHTINGS[kind]),
        theirs(tasks, solver),
        what=f"PWEMoE-{kind.upper()} step, ViT-B/32, T = {tasks}, {precision}",
        peer_name="fusion-bench, float32",
        goal=GOALS[precision, kind, tasks],
        rounds=4 if tasks == 2 else 1,
    )


@pytest.mark.parametrize("tasks", [2, 8])
def test_peak_memory_of_a_step(tasks: int, compare_memory: Callable[..., Any]) -> None:
    compare_memory(
        ours(tasks, "float32", Linear()),
        theirs(tasks, None),
        what=f"Peak of a PWEMoE-LS step, ViT-B/32, T = {tasks}",
        peer_name="fusion-bench",
        goal=1.0,
    )
