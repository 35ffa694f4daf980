"""Routers whose output no preference changes: how they are counted, and the forms without them."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.moe.router import Activation, CornerExactRouters, Layers, Routers
from fusefront.algorithms.pareto_set import MapSet
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

GRID = 40


def simplex(m: int) -> Iterator[Tensor]:
    """Yield a fine grid of preferences, corners included."""
    for counts in np.ndindex(*[GRID + 1] * (m - 1)):
        if sum(counts) <= GRID:
            yield torch.tensor([*counts, GRID - sum(counts)]) / GRID


@pytest.mark.parametrize("m", [2, 3])
def test_dead_routers_are_those_without_an_active_unit_at_any_preference(m: int) -> None:
    generator, n = torch.Generator().manual_seed(m), 60
    shapes = [(n, 2 * m, m), (n, 2 * m), (n, m, 2 * m), (n, m)]
    parameters = [torch.randn(shape, generator=generator) for shape in shapes]
    parameters[1] -= 2
    alive = torch.zeros(n, dtype=torch.bool)
    for preference in simplex(m):
        alive |= (parameters[0] @ preference + parameters[1] > 0).any(dim=1)
    routers = Routers(space="module", routed=tuple(range(n)), initial=0.3)
    assert 0 < int((~alive).sum()) < n
    assert routers.diagnostics(parameters) == {"dead-routers": float((~alive).sum())}


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_routers_of_the_corner_exact_form_are_counted_too(activation: Activation) -> None:
    """Two routers: the hidden units of the second are negative for every preference."""
    biases = torch.tensor([[0.5] * 4, [-0.5] * 4])
    parameters = [torch.full((2, 4, 2), 0.1), biases, torch.ones(2, 2, 4), torch.zeros(2, 2)]
    found = CornerExactRouters(activation=activation).diagnostics(parameters)
    assert found == {"dead-routers": float(activation == "relu")}


@pytest.mark.parametrize("layers", [0, 1])
def test_routers_without_hidden_units_have_none_to_lose(layers: Layers) -> None:
    routers = Routers(space="module", routed=(0,), initial=0.3, layers=layers)
    assert routers.diagnostics([torch.zeros(1, 2, 2), torch.zeros(1, 2)]) == {}


def fit(name: str, view: ProblemView) -> MapSet:
    algorithm = ALGORITHMS[name].make(steps=20, learning_rate=0.05)
    pareto_set = algorithm.fit(view, generator=torch.Generator().manual_seed(2))
    assert isinstance(pareto_set, MapSet)
    return pareto_set


def constant_rows(pareto_set: MapSet, names: tuple[str, ...], part: str) -> list[str]:
    """Return the groups whose name ends in `part` and whose coefficients are those of a constant.

    Output weights alone make corners differ: no router of a fit has equal rows by accident.
    """
    one, two = (pareto_set.coefficients(p) for p in np.eye(2))
    assert one is not None
    assert two is not None
    rows = zip(names, one.values, two.values, strict=True)
    return [n for n, a, b in rows if n.endswith(part) and torch.equal(a, b)]


def dead(view: ProblemView) -> list[float]:
    return [value for _, _, name, value in view.traces if name == "dead-routers"]


def test_dead_routers_are_logged_while_the_papers_form_is_trained() -> None:
    view = open_view(toy_problem(2))
    modules = view.experts.layout.groups("module").names
    constant = constant_rows(fit("pwemoe-ls", view), modules, "mlp")
    logged = dead(view)
    assert len(logged) == 20
    assert logged[-1] == len(constant) > 0


@pytest.mark.parametrize(
    ("name", "space", "part"),
    [
        ("pwemoe-ls-tanh", "module", "mlp"),
        ("pwemoe-ls-tensors", "tensor", ""),
        ("pwemoe-epo-tensors", "tensor", ""),
    ],
)
def test_every_router_of_the_cured_forms_depends_on_the_preference(
    name: str, space: str, part: str
) -> None:
    view = open_view(toy_problem(2))
    groups = view.experts.layout.groups("tensor" if space == "tensor" else "module").names
    assert constant_rows(fit(name, view), groups, part) == []
    assert dead(view) == [0.0] * 20
