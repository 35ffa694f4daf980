"""RegMean against the normal equations of its regression, RegMean++ against a loop over layers."""

import numpy as np
import pytest
import torch
from torch import Tensor

from fusefront.algorithms.merging.regmean import RegMean, RegressionMean, conditioned, inputs_first
from fusefront.algorithms.merging.regmean_plus_plus import RegMeanPlusPlus
from fusefront.algorithms.merging.soups import RewardedSoup
from fusefront.problems.experts import ExpertPool
from fusefront.problems.layout import Layout
from fusefront.testing.toy_problem import Backbone, ToyProblem, open_view, toy_problem

LAYERS = Layout(names=("a.weight", "a.bias"), shapes=((3, 5), (3,)))
ALGORITHMS = [RegMean(batch_size=10), RegMeanPlusPlus(batch_size=10)]


def layer_pool(m: int) -> ExpertPool:
    generator = torch.Generator().manual_seed(m)
    return ExpertPool(
        pretrained=torch.randn(LAYERS.size, generator=generator),
        task_vectors=torch.randn(m, LAYERS.size, generator=generator),
        layout=LAYERS,
        names=[str(i) for i in range(m)],
    )


@pytest.mark.parametrize("first", [False, True])
def test_merged_layer_is_the_least_squares_fit_to_the_outputs_of_all_experts(first: bool) -> None:
    """Rows sqrt(p_i) X_i with targets sqrt(p_i) X_i W_i, given to a solver of such systems."""
    pool = layer_pool(3)
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(3, 40, 3 if first else 5, dtype=torch.float64, generator=generator)
    p = torch.tensor([0.5, 0.2, 0.3])
    layers = (pool.pretrained + pool.task_vectors)[:, :15].reshape(3, 3, 5).double()
    weights = layers if first else layers.mT
    scale = p.double().sqrt()[:, None, None]
    solution = torch.linalg.lstsq(
        (scale * inputs).flatten(0, 1), (scale * inputs @ weights).flatten(0, 1)
    ).solution
    mean = RegressionMean(experts=pool, grams={"a.weight": inputs.mT @ inputs}, inputs_first=first)
    found = LAYERS.unflatten(mean(p))
    expected = solution if first else solution.mT
    torch.testing.assert_close(found["a.weight"].double(), expected, rtol=0, atol=1e-5)
    soup = p @ (pool.pretrained + pool.task_vectors)
    torch.testing.assert_close(found["a.bias"], soup[15:])


def test_orientation_is_that_of_the_layers_that_are_not_square() -> None:
    layout = Layout(names=("square", "wide"), shapes=((4, 4), (4, 12)))
    assert inputs_first(layout, {"square": 4, "wide": 4})
    assert not inputs_first(layout, {"square": 4, "wide": 12})
    assert not inputs_first(layout, {"square": 4})


def test_conditioning_draws_to_the_diagonal_and_lets_dead_inputs_be_solved_for() -> None:
    gram = torch.tensor([[4.0, 2.0, 0.0], [2.0, 8.0, 0.0], [0.0, 0.0, 0.0]])
    found = conditioned(gram, 0.25, 0.01)
    ridge = 0.01 * 4
    expected = [[4 + ridge, 1.5, 0.0], [1.5, 8 + ridge, 0.0], [0.0, 0.0, ridge]]
    torch.testing.assert_close(found, torch.tensor(expected))
    torch.linalg.cholesky(conditioned(torch.zeros(3, 3), 0.1, 1e-6))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_corners_are_the_experts_bit_for_bit(
    algorithm: RegMean, problem: ToyProblem, generator: torch.Generator
) -> None:
    answer = algorithm.fit(open_view(problem), generator=generator)
    soup = RewardedSoup().fit(open_view(problem), generator=generator)
    for corner in np.eye(len(problem.tasks)):
        assert torch.equal(answer.model(corner), soup.model(corner))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_only_linear_weights_differ_from_the_soup(
    algorithm: RegMean, problem: ToyProblem, generator: torch.Generator
) -> None:
    view, m = open_view(problem), len(problem.tasks)
    centre = [1 / m] * m
    found = view.experts.layout.unflatten(algorithm.fit(view, generator=generator).model(centre))
    soup = RewardedSoup().fit(view, generator=generator).model(centre)
    for name, expected in view.experts.layout.unflatten(soup).items():
        linear = name.endswith("weight") and "layernorm" not in name
        assert torch.equal(found[name], expected) != linear


def inputs_of(named: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """The inputs of every linear layer of the toy network, by its definition."""

    def linear(name: str, value: Tensor) -> Tensor:
        seen[f"{name}.weight"] = value
        return value @ named[f"{name}.weight"].T + named[f"{name}.bias"]

    seen: dict[str, Tensor] = {}
    x = linear("embeddings", x)
    for block in ("layers.0", "layers.1"):
        x = x + torch.tanh(linear(f"{block}.attention", x))
        x = x + linear(f"{block}.mlp.fc2", torch.tanh(linear(f"{block}.mlp.fc1", x)))
    return seen


def regressed(name: str, experts: list[dict[str, Tensor]], grams: list[Tensor]) -> Tensor:
    """Equal weights: W^T = (sum G)^-1 sum G W_i^T."""
    pulled = [g @ e[name].double().T for g, e in zip(grams, experts, strict=True)]
    solution: Tensor = torch.linalg.solve(torch.stack(grams).sum(0), torch.stack(pulled).sum(0))
    return solution.T


def gram(x: Tensor, shrink: float) -> Tensor:
    g = x.double().T @ x.double()
    return (1 - shrink) * g + shrink * torch.diag(torch.diag(g))


def test_regmean_on_a_network_is_written_out(generator: torch.Generator) -> None:
    """All the calibration data in one batch, whose order does not matter then."""
    problem = toy_problem(2)
    view = open_view(problem)
    algorithm = RegMean(steps=1, batch_size=60, diagonal=0.1, ridge=0.0)
    found = view.experts.layout.unflatten(
        algorithm.fit(view, generator=generator).model([0.5, 0.5])
    )
    assert view.budget.ledger.units == 120
    experts = [view.experts.layout.unflatten(problem.pretrained + v) for v in problem.task_vectors]
    data = [e.inputs for e in problem.splits["calibration"]]
    seen = [inputs_of(e, x) for e, x in zip(experts, data, strict=True)]
    for name in seen[0]:
        expected = regressed(name, experts, [gram(s[name], 0.1) for s in seen])
        torch.testing.assert_close(found[name].double(), expected, rtol=0, atol=1e-4)


def test_regmean_plus_plus_on_a_network_is_written_out(generator: torch.Generator) -> None:
    """Block by block; inside a block inputs pass the expert's own layers."""
    problem = toy_problem(2)
    view = open_view(problem)
    algorithm = RegMeanPlusPlus(steps=1, batch_size=60, diagonal=0.1, ridge=0.0)
    found = view.experts.layout.unflatten(
        algorithm.fit(view, generator=generator).model([0.5, 0.5])
    )
    assert view.budget.ledger.units == 1 + 3 * 120
    experts = [view.experts.layout.unflatten(problem.pretrained + v) for v in problem.task_vectors]
    merged = {name: (experts[0][name] + experts[1][name]) / 2 for name in experts[0]}
    data = [e.inputs for e in problem.splits["calibration"]]
    for block in ("embeddings", "layers.0", "layers.1"):
        seen = [
            inputs_of({n: e[n] if n.startswith(block) else merged[n] for n in merged}, x)
            for e, x in zip(experts, data, strict=True)
        ]
        for name in [n for n in seen[0] if n.startswith(block)]:
            expected = regressed(name, experts, [gram(s[name], 0.1) for s in seen])
            torch.testing.assert_close(found[name].double(), expected, rtol=0, atol=1e-4)
        merged |= {n: found[n] for n in merged if n.startswith(block)}


def test_toy_network_written_out_is_the_toy_network() -> None:
    problem = toy_problem(2)
    view = open_view(problem)
    named = view.experts.layout.unflatten(problem.pretrained)
    x = problem.splits["calibration"][0].inputs
    seen = inputs_of(named, x)["layers.1.mlp.fc2.weight"]
    hooked: list[Tensor] = []
    network = Backbone()
    last = network.get_submodule("layers.1.mlp.fc2")
    last.register_forward_hook(lambda _, args, out: hooked.append(args[0]))
    torch.func.functional_call(network, named, (x,))
    torch.testing.assert_close(seen, hooked[0])


@pytest.mark.parametrize("units", [200, 700])
def test_budget_for_fewer_examples_takes_fewer(units: int, generator: torch.Generator) -> None:
    view = open_view(toy_problem(2), units=units)
    RegMeanPlusPlus(steps=50, batch_size=10).fit(view, generator=generator)
    assert view.budget.ledger.units == 1 + (units - 1) // 60 * 60
