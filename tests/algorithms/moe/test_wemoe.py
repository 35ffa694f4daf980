"""WEMoE against a slow twin that merges the weights of each example."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms.moe.wemoe import InputRouted, InputRouters, WEMoE, routed_modules
from fusefront.algorithms.pareto_set import ConstantSet
from fusefront.errors import NotApplicableError
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.layout import Layout
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_layout, toy_problem

CENTRE = torch.full((3,), 1 / 3)


@pytest.fixture
def problem() -> ToyProblem:
    return toy_problem(3)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def routers(problem: ToyProblem, deviation: float) -> list[Tensor]:
    """Routers whose outputs differ from input to input."""
    parameters = InputRouters(initial=0.3).start(problem.pool(), generator())
    draw = generator()
    return [p + deviation * torch.randn(p.shape, generator=draw) for p in parameters]


def measured(problem: ToyProblem, parameters: list[Tensor]) -> list[Tensor]:
    """Validation features under these routers."""
    point = InputRouters(initial=0.3).decode(problem.pool(), parameters, CENTRE)
    assert isinstance(point, InputRouted)
    oracle = problem.oracle(frozenset({"validation"}))
    (model,) = point.models
    params = problem.pool().build(model)
    return oracle.split_features(params, "validation", point.layer())


class TestOneExample:
    """The toy network written out, with the weights of each MLP merged for the example."""

    def forward(self, problem: ToyProblem, parameters: list[Tensor], x: Tensor) -> Tensor:
        layout = toy_layout()
        fixed = layout.unflatten(problem.pretrained + 0.3 * problem.task_vectors.sum(0))
        base = layout.unflatten(problem.pretrained)
        vectors = [layout.unflatten(v) for v in problem.task_vectors]

        def merged(name: str, c: Tensor) -> Tensor:
            parts = [base[name], *(k * v[name] for k, v in zip(c, vectors, strict=True))]
            return torch.stack(parts).sum(0)

        def plain(x: Tensor, name: str) -> Tensor:
            return functional.linear(x, fixed[f"{name}.weight"], fixed[f"{name}.bias"])

        def mlp(x: Tensor, block: int) -> Tensor:
            first, inner, second, outer = (p[block] for p in parameters)
            c = second @ torch.relu(first @ x + inner) + outer
            name = f"layers.{block}.mlp"
            hidden = torch.tanh(merged(f"{name}.fc1.weight", c) @ x + merged(f"{name}.fc1.bias", c))
            return merged(f"{name}.fc2.weight", c) @ hidden + merged(f"{name}.fc2.bias", c)

        x = plain(x, "embeddings")
        for block in range(2):
            x = x + torch.tanh(plain(x, f"layers.{block}.attention"))
            x = x + mlp(x, block)
        weight, bias = fixed["layernorm.weight"], fixed["layernorm.bias"]
        return functional.layer_norm(x, (8,), weight, bias)

    def test_features_equal_those_of_a_slow_implementation(self, problem: ToyProblem) -> None:
        parameters = routers(problem, 0.5)
        found = measured(problem, parameters)
        for task in (0, 2):
            inputs = problem.splits["validation"][task].inputs
            for n in range(5):
                expected = self.forward(problem, parameters, inputs[n])
                torch.testing.assert_close(found[task][n], expected, atol=1e-5, rtol=1e-4)


def test_routers_that_ignore_the_input_are_a_plain_merge(problem: ToyProblem) -> None:
    first, inner, second, outer = routers(problem, 0.5)
    found = measured(problem, [first, inner, torch.zeros_like(second), outer])
    layout, pool = toy_layout(), problem.pool()
    values = torch.full((len(layout.names), 3), 0.3)
    for row, module in enumerate(routed_modules(layout)):
        for name in module:
            for kind in ("weight", "bias"):
                values[layout.names.index(name.replace("weight", kind))] = outer[row]
    plain = pool.merge(Coefficients(values=values, space="tensor"))
    oracle = problem.oracle(frozenset({"validation"}))
    for a, b in zip(found, oracle.split_features(plain, "validation"), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_coefficients_are_the_mean_over_the_positions_of_an_input(problem: ToyProblem) -> None:
    point = InputRouters(initial=0.3).decode(problem.pool(), routers(problem, 0.5), CENTRE)
    assert isinstance(point, InputRouted)
    layer = point.layer()
    assert layer is not None
    x = torch.randn(4, 7, 8, generator=generator())
    weight, bias = torch.zeros(8, 8), torch.zeros(8)
    name = "layers.0.mlp.fc1.weight"
    whole = layer(name, x, weight, bias)
    first, inner, second, outer = (p[0] for p in point.parameters)
    c = (torch.relu(x @ first.T + inner) @ second.T + outer).mean(dim=1)
    vectors = [toy_layout().unflatten(v) for v in problem.task_vectors]
    for n in range(4):
        expected = sum(
            c[n, t] * (x[n] @ v[name].T + v["layers.0.mlp.fc1.bias"]) for t, v in enumerate(vectors)
        )
        assert isinstance(expected, Tensor)
        torch.testing.assert_close(whole[n], expected, atol=1e-5, rtol=1e-4)


def test_gradients_reach_the_routers_and_cost_the_passes(problem: ToyProblem) -> None:
    view = open_view(problem)
    parameters = [p.requires_grad_() for p in routers(problem, 0.5)]
    point = InputRouters(initial=0.3).decode(view.experts, parameters, CENTRE)
    batch = next(view.batches(10, labelled=False))
    view.entropies(point, batch).sum().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and (p.grad != 0).any() for p in parameters)
    share = 4 * (8 * 8 + 8) / toy_layout().size
    assert isinstance(point, InputRouted)
    assert point.passes == pytest.approx(1 + 3 * share)
    assert view.budget.ledger.units == 3 * int(np.ceil(30 * point.passes))


def test_training_lowers_the_entropy_and_keeps_the_pool(problem: ToyProblem) -> None:
    view = open_view(problem)
    answer = WEMoE(steps=60, learning_rate=1e-2).fit(view, generator=generator())
    assert isinstance(answer, ConstantSet)
    assert answer.storage_bytes() == problem.pool().nbytes + 4 * answer.trainable_parameters
    batch = next(view.batches(40, labelled=False))
    start = InputRouters(initial=0.3)
    before = start.decode(view.experts, start.start(view.experts, generator()), CENTRE)
    with torch.no_grad():
        lower = view.entropies(answer.point([1 / 3] * 3), batch).sum()  # type: ignore[arg-type]
        assert float(lower) < float(view.entropies(before, batch).sum())


def test_layers_that_see_all_positions_as_one_are_refused() -> None:
    layout = Layout(names=("h.0.mlp.c_fc.weight",), shapes=((2, 8),))
    pool = ExpertPool(
        pretrained=torch.zeros(16), task_vectors=torch.zeros(2, 16), layout=layout, names=("a", "b")
    )
    with pytest.raises(NotApplicableError, match="Found \\(2, 8\\), as in GPT-2"):
        InputRouters(initial=0.3).start(pool, generator())
