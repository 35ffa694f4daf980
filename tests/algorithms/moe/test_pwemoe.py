from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.moe.router import Activation, Routers, routed_rows
from fusefront.algorithms.pareto_set import MapSet
from fusefront.errors import NotApplicableError
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.layout import Groups, Layout
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem

MODULES = ["layers.0.mlp", "layers.1.mlp"]


def train(view: ProblemView, generator: torch.Generator, steps: int) -> MapSet:
    answer = ALGORITHMS["pwemoe-ls"].make(steps=steps).fit(view, generator=generator)
    assert isinstance(answer, MapSet)
    return answer


def corner_losses(view: ProblemView, answer: MapSet) -> Tensor:
    """`(m, m)` losses on calibration of the models for the m corners."""
    batch = next(view.batches(60))
    models = [answer.model(p) for p in np.eye(len(view.tasks))]
    return torch.stack([view.losses(model, batch) for model in models])


@pytest.mark.parametrize(("m", "count"), [(2, 264), (3, 540), (8, 3360)])
def test_twelve_routers_have_as_many_parameters_as_the_paper_says(
    m: int, count: int, generator: torch.Generator
) -> None:
    names = tuple(f"layers.{i}.mlp.weight" for i in range(12))
    layout = Layout(names=names, shapes=((1,),) * 12)
    pool = ExpertPool(
        pretrained=torch.zeros(12), task_vectors=torch.zeros(m, 12), layout=layout, names=["x"] * m
    )
    routers = Routers(space="module", routed=tuple(range(12)), initial=0.3)
    parameters = routers.start(pool, generator)
    assert sum(p.numel() for p in parameters) == count == 12 * (4 * m**2 + 3 * m)


def test_trainable_parameters_are_those_of_the_routers(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    m = len(problem.tasks)
    answer = train(open_view(problem), generator, steps=1)
    assert answer.trainable_parameters == 2 * (4 * m**2 + 3 * m)
    assert answer.storage_bytes() == problem.pool().nbytes + 4 * answer.trainable_parameters


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_router_is_a_two_layer_network_whose_output_is_not_squashed(
    activation: Activation, generator: torch.Generator
) -> None:
    routers = Routers(space="module", routed=(0, 1, 2), initial=0.3, activation=activation)
    shapes = [(3, 4, 2), (3, 4), (3, 2, 4), (3, 2)]
    w1, b1, w2, b2 = (5 * torch.randn(shape, generator=generator) for shape in shapes)
    preference = torch.tensor([0.3, 0.7])
    found = routers.route([w1, b1, w2, b2], preference)
    for router in range(3):
        hidden = getattr(torch, activation)(functional.linear(preference, w1[router], b1[router]))
        expected = functional.linear(hidden, w2[router], b2[router])
        torch.testing.assert_close(found[router], expected)
    assert found.max() > 1
    assert found.min() < 0


def test_every_preference_starts_at_task_arithmetic(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = train(view, generator, steps=0)
    arithmetic = view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(dim=0)
    for p in (*np.eye(len(view.tasks)), np.full(len(view.tasks), 1 / len(view.tasks))):
        found = answer.model(p)
        assert (found - arithmetic).norm() < 1e-3 * arithmetic.norm()


def test_tensors_outside_the_mlps_stay_at_task_arithmetic_whatever_is_learned(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = train(view, generator, steps=30)
    layout, m = view.experts.layout, len(view.tasks)
    fixed = Coefficients(values=torch.full((m,), 0.3))
    arithmetic = layout.unflatten(view.experts.merge(fixed))
    for p in np.eye(m):
        for name, value in layout.unflatten(answer.model(p)).items():
            same = torch.equal(value, arithmetic[name])
            assert same == (".mlp." not in name), name


def test_unloaded_model_is_the_network_with_routed_mlps(generator: torch.Generator) -> None:
    problem = toy_problem(3)
    view = open_view(problem)
    answer = train(view, generator, steps=30)
    p = np.array([0.6, 0.3, 0.1])
    found = answer.coefficients(p)
    assert found is not None
    names = view.experts.layout.groups("module").names
    routed = {module: found.values[names.index(module)] for module in MODULES}
    for examples in problem.splits["validation"]:
        by_routing = routed_forward(problem.pool(), routed, examples.inputs)
        by_unloading = plain_forward(problem.pool().layout, answer.model(p), examples.inputs)
        torch.testing.assert_close(by_routing, by_unloading, rtol=1e-4, atol=1e-5)


def plain_forward(layout: Layout, params: Tensor, inputs: Tensor) -> Tensor:
    w = layout.unflatten(params)
    x = functional.linear(inputs, w["embeddings.weight"], w["embeddings.bias"])
    for block in ("layers.0", "layers.1"):
        x = attention(w, block, x)
        x = x + mlp(w, block, x)
    return functional.layer_norm(x, x.shape[1:], w["layernorm.weight"], w["layernorm.bias"])


def routed_forward(pool: ExpertPool, routed: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Each MLP's weights are put together where it is used; the rest is task arithmetic."""
    base = pool.layout.unflatten(pool.pretrained)
    taus = [pool.layout.unflatten(tau) for tau in pool.task_vectors]
    fixed = {n: w + 0.3 * sum(tau[n] for tau in taus) for n, w in base.items()}
    x = functional.linear(inputs, fixed["embeddings.weight"], fixed["embeddings.bias"])
    for block in ("layers.0", "layers.1"):
        row = routed[f"{block}.mlp"]
        own = {
            n: w + sum(c * tau[n] for c, tau in zip(row, taus, strict=True))
            for n, w in base.items()
            if n.startswith(f"{block}.mlp")
        }
        x = attention(fixed, block, x)
        x = x + mlp(own, block, x)
    return functional.layer_norm(x, x.shape[1:], fixed["layernorm.weight"], fixed["layernorm.bias"])


def attention(w: Mapping[str, Tensor], block: str, x: Tensor) -> Tensor:
    name = f"{block}.attention"
    return x + torch.tanh(functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"]))


def mlp(w: Mapping[str, Tensor], block: str, x: Tensor) -> Tensor:
    one, two = f"{block}.mlp.fc1", f"{block}.mlp.fc2"
    hidden = torch.tanh(functional.linear(x, w[f"{one}.weight"], w[f"{one}.bias"]))
    return functional.linear(hidden, w[f"{two}.weight"], w[f"{two}.bias"])


def test_training_lowers_the_weighted_loss_and_live_routers_distinguish_preferences(
    view: ProblemView, generator: torch.Generator
) -> None:
    live = ALGORITHMS["pwemoe-ls"].make(steps=250, activation="tanh", routed="all")
    start = train(view, torch.Generator().manual_seed(5), steps=0)
    answer = live.fit(view, generator=generator)
    assert isinstance(answer, MapSet)
    before, after = corner_losses(view, start), corner_losses(view, answer)
    assert after.trace() < before.trace()
    assert after.argmin(dim=0).tolist() == list(range(len(view.tasks)))


def test_relu_routers_can_die_and_tanh_routers_cannot() -> None:
    """Hidden units of a router with negative biases: the output and the gradient are those of 0."""
    parameters = [torch.full((1, 4, 2), 0.01), torch.full((1, 4), -0.1)]
    parameters = [*parameters, torch.ones(1, 2, 4), torch.zeros(1, 2)]
    gradients = {}
    for activation in ("relu", "tanh"):
        leaves = [p.clone().requires_grad_() for p in parameters]
        routers = Routers(space="module", routed=(0,), initial=0.0, activation=activation)
        routers.route(leaves, torch.tensor([1.0, 0.0])).sum().backward()  # type: ignore[no-untyped-call]
        assert leaves[0].grad is not None
        gradients[activation] = float(leaves[0].grad.abs().max())
    assert gradients["relu"] == 0
    assert gradients["tanh"] > 0


def test_pareto_set_does_not_change_when_training_continues(generator: torch.Generator) -> None:
    view = open_view(toy_problem(2), units=4_000)
    train(view, generator, steps=40)
    early, late = view.milestones[0].pareto_set, view.pareto_set_so_far()
    assert isinstance(early, MapSet)
    assert isinstance(late, MapSet)
    assert not torch.equal(early.model([1, 0]), late.model([1, 0]))


def test_backbone_without_mlp_is_not_applicable() -> None:
    with pytest.raises(NotApplicableError, match="conv"):
        routed_rows(Groups(names=("conv", "norm"), segments=((0, 1, 0), (1, 2, 1))))


def test_only_modules_called_mlp_are_routed() -> None:
    groups = toy_problem(2).pool().layout.groups("module")
    assert [groups.names[row] for row in routed_rows(groups)] == MODULES
