"""Models of the rays are those of linear scalarization; between rays their weights are mixed."""

import numpy as np
import pytest
import torch
from tests.algorithms.quadratic import SIZE, quadratic_view

from fusefront.algorithms.pareto_set import FiniteSet, MapSet
from fusefront.algorithms.scalarization.scalarized import FinetuneFromAverage
from fusefront.algorithms.scalarization.soup import InterpolatedWeights, LinearScalarizationSoup
from fusefront.algorithms.training.rays import rays
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem


def test_models_of_the_rays_are_those_that_fine_tuning_finds(
    view: ProblemView, generator: torch.Generator
) -> None:
    """Both have the same start, stream of batches and steps."""
    soup = LinearScalarizationSoup(rays=4, steps=6).fit(view, generator=generator)
    alone = FinetuneFromAverage(rays=4, steps=6).fit(view, generator=generator)
    assert isinstance(alone, FiniteSet)
    for ray, expected in zip(rays(len(view.tasks), 4), alone.points, strict=True):
        assert isinstance(expected, torch.Tensor)
        torch.testing.assert_close(soup.model(ray.double().numpy()), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("m", [2, 3])
def test_minimum_is_reached_on_rays_and_halfway_between_them(
    m: int, generator: torch.Generator
) -> None:
    """sum_i p_i |W - W_i|^2 is least at sum_i p_i W_i, which is linear in p."""
    view = quadratic_view(m)
    algorithm = LinearScalarizationSoup(rays=6, steps=150, learning_rate=3e-2)
    answer = algorithm.fit(view, generator=generator)
    lattice = rays(m, 6).double()
    first = lattice[0]
    neighbour = lattice[(lattice - first).abs().sum(dim=1).argsort()[1]]
    for p, bound in ((first, 0.01), (neighbour, 0.01), ((first + neighbour) / 2, 0.05)):
        expected = p.float() @ view.experts.task_vectors
        torch.testing.assert_close(answer.model(p.numpy()), expected, atol=bound, rtol=0)


def test_weights_between_rays_are_mixed_by_inverse_fourth_powers_of_distance(
    generator: torch.Generator,
) -> None:
    points = rays(3, 10)
    solutions = torch.randn(10, 4, generator=generator)
    query = torch.tensor([0.5, 0.4, 0.1])
    shares = [
        1 / float(sum((a - b) ** 2 for a, b in zip(p, query, strict=True)) ** 2) for p in points
    ]
    expected = sum(s * row for s, row in zip(shares, solutions, strict=True)) / sum(shares)
    found = InterpolatedWeights(rays=points, solutions=solutions)(query)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_every_ray_starts_at_the_average_of_the_experts(
    view: ProblemView, generator: torch.Generator
) -> None:
    """With a tiny learning rate every solution is still where it started."""
    algorithm = LinearScalarizationSoup(rays=3, steps=1, learning_rate=1e-7)
    answer = algorithm.fit(view, generator=generator)
    expected = view.experts.pretrained + view.experts.task_vectors.mean(dim=0)
    for p in np.eye(len(view.tasks)):
        torch.testing.assert_close(answer.model(p), expected, atol=1e-6, rtol=0)


def test_budget_is_shared_evenly_and_all_of_it_trains(generator: torch.Generator) -> None:
    view = open_view(toy_problem(2), units=3_000)
    LinearScalarizationSoup(rays=5, batch_size=4).fit(view, generator=generator)
    assert view.budget.ledger.validation_evaluations == 0
    assert view.budget.ledger.gradient_steps == 5 * (3_000 // (5 * 24))


def test_budget_for_part_of_the_rays_returns_those_rays(generator: torch.Generator) -> None:
    view = open_view(toy_problem(2), units=3 * 96)
    with pytest.raises(RuntimeError, match="budget"):
        LinearScalarizationSoup(rays=5).fit(view, generator=generator)
    answer = view.pareto_set_so_far()
    assert isinstance(answer, MapSet)
    assert isinstance(answer.function, InterpolatedWeights)
    assert answer.function.solutions.shape == (3, view.experts.layout.size)


def test_all_models_are_trained_and_stored_and_no_expert(generator: torch.Generator) -> None:
    answer = LinearScalarizationSoup(rays=5, steps=1).fit(quadratic_view(2), generator=generator)
    assert answer.trainable_parameters == 5 * SIZE
    assert answer.storage_bytes() == 4 * (5 * SIZE + 5 * 2)
