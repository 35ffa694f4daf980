"""Every ray of a Tchebycheff scalarization ends at its least value, found on a lattice."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.training.ray_algorithm import RayAlgorithm
from fusefront.algorithms.training.rays import rays

Array = NDArray[np.float64]
MU = 0.1


def tchebycheff(g: Array, p: Array) -> Array:
    value: Array = (p * g).max(axis=-1)
    return value


def augmented(g: Array, p: Array) -> Array:
    value: Array = tchebycheff(g, p) + 1e-3 * (p * g).sum(axis=-1)
    return value


def smooth(g: Array, p: Array) -> Array:
    value: Array = MU * np.log(np.exp(p * g / MU).sum(axis=-1))
    return value


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        (ALGORITHMS["tche-coefficients"].make(rays=3, steps=80), tchebycheff),
        (ALGORITHMS["atche-coefficients"].make(rays=3, steps=80), augmented),
        (ALGORITHMS["stch-coefficients"].make(rays=3, steps=80), smooth),
        (ALGORITHMS["tche-finetune"].make(rays=3, steps=80, learning_rate=3e-2), tchebycheff),
        (ALGORITHMS["stch-finetune"].make(rays=3, steps=80, learning_rate=3e-2), smooth),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, RayAlgorithm) else "",
)
def test_every_ray_ends_at_the_least_value(
    algorithm: RayAlgorithm, value: object, generator: torch.Generator
) -> None:
    """Losses are quadratic, so that the optimum is a merge of the experts, also of all weights."""
    assert callable(value)
    view = quadratic_view(2)
    tau = view.experts.task_vectors.double()
    grid = torch.linspace(0, 1, 101, dtype=torch.float64)
    models = torch.cartesian_prod(grid, grid) @ tau
    front = distances(models, tau)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for ray, point in zip(rays(2, 3).double().numpy(), answer.points, strict=True):
        found = distances(view.experts.build(point).double()[None], tau)[0]
        least = float(value(front, ray).min())
        assert math.isfinite(least)
        assert float(value(found, ray)) <= least + 2e-3


def distances(models: torch.Tensor, tau: torch.Tensor) -> Array:
    """`(k, m)` normalised losses of models `(k, P)`: squared distances, 1 if pretrained."""
    squared = (models[:, None] - tau).square().sum(dim=2) / tau.square().sum(dim=1)
    found: Array = squared.numpy()
    return found
