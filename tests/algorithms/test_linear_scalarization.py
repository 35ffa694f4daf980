"""On quadratic losses sum_i p_i |W - W_i|^2 / 2 has its minimum at W = sum_i p_i W_i."""

import numpy as np
import pytest
import torch
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.training.descent import steps_per_ray
from fusefront.algorithms.training.ray_algorithm import nearest
from fusefront.algorithms.training.rays import rays
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import open_view, toy_problem


@pytest.mark.parametrize("m", [2, 3])
def test_coefficients_reach_the_minimum_of_every_ray(m: int, generator: torch.Generator) -> None:
    """c = p is the only minimiser, because the task vectors are the targets and independent."""
    view = quadratic_view(m)
    answer = ALGORITHMS["ls-coefficients"].make(rays=6, steps=150).fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for ray, point in zip(rays(m, 6), answer.points, strict=True):
        assert isinstance(point, Coefficients)
        torch.testing.assert_close(point.values, ray, atol=1e-2, rtol=0)


@pytest.mark.parametrize("m", [2, 3])
def test_weights_reach_the_minimum_of_every_ray(m: int, generator: torch.Generator) -> None:
    view = quadratic_view(m)
    algorithm = ALGORITHMS["ls-finetune"].make(rays=6, steps=150, learning_rate=3e-2)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for ray, point in zip(rays(m, 6), answer.points, strict=True):
        assert isinstance(point, torch.Tensor)
        torch.testing.assert_close(point, ray @ view.experts.task_vectors, atol=1e-2, rtol=0)


def test_objectives_are_those_of_the_solutions(generator: torch.Generator) -> None:
    view = open_view(toy_problem(2))
    for algorithm in (
        ALGORITHMS["ls-coefficients"].make(rays=3, steps=5),
        ALGORITHMS["ls-finetune"].make(rays=3, steps=5),
    ):
        answer = algorithm.fit(view, generator=generator)
        assert isinstance(answer, FiniteSet)
        for point, objectives in zip(answer.points, answer.objectives, strict=True):
            np.testing.assert_array_equal(view.objectives(point), objectives)


def test_nearest_ray_is_by_distance_and_the_first_of_equals() -> None:
    earlier = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.75, 0.25]])
    assert nearest(earlier, torch.tensor([1.0, 0.0])) == 2
    assert nearest(earlier, torch.tensor([0.25, 0.75])) == 0


def test_first_ray_starts_from_initial_and_later_ones_from_their_nearest(
    generator: torch.Generator,
) -> None:
    """With a tiny learning rate every solution is still where it started."""
    view = quadratic_view(2)
    algorithm = ALGORITHMS["ls-coefficients"].make(rays=5, steps=1, learning_rate=1e-6, initial=0.7)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for point in answer.points:
        assert isinstance(point, Coefficients)
        torch.testing.assert_close(point.values, torch.full((2,), 0.7), atol=1e-4, rtol=0)


def test_solutions_do_not_change_when_later_rays_start_from_them(
    generator: torch.Generator,
) -> None:
    view = quadratic_view(2)
    answer = ALGORITHMS["ls-coefficients"].make(rays=3, steps=40).fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    for point, objectives in zip(answer.points, answer.objectives, strict=True):
        assert isinstance(point, Coefficients)
        fresh = Coefficients(values=point.values.clone())
        np.testing.assert_array_equal(quadratic_view(2).objectives(fresh), objectives)


def test_fine_tuning_starts_at_the_pretrained_model_or_at_task_arithmetic(
    generator: torch.Generator,
) -> None:
    for initial in (0.0, 0.5):
        view = quadratic_view(2)
        algorithm = ALGORITHMS["ls-finetune"].make(steps=0, initial=initial)
        model = algorithm.fit(view, generator=generator).model([0.5, 0.5])
        torch.testing.assert_close(model, initial * view.experts.task_vectors.sum(dim=0))


def test_budget_is_shared_evenly_and_pays_for_measuring_every_ray(
    generator: torch.Generator,
) -> None:
    view = open_view(toy_problem(2), units=3_000)
    algorithm = ALGORITHMS["ls-coefficients"].make(rays=5, batch_size=4)
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, FiniteSet)
    assert len(answer.points) == 5
    ledger = view.budget.ledger
    assert ledger.validation_evaluations == 5
    assert ledger.gradient_steps == 5 * ((3_000 - 5 * 80) // (5 * 24))


def test_a_ray_has_the_requested_steps_without_a_cap() -> None:
    view = open_view(toy_problem(2))
    assert steps_per_ray(view, 5, 200, 16) == 200


def test_budget_for_part_of_the_rays_returns_those_rays(generator: torch.Generator) -> None:
    view = open_view(toy_problem(2), units=400)
    with pytest.raises(RuntimeError, match="budget"):
        ALGORITHMS["ls-coefficients"].make(rays=11).fit(view, generator=generator)
    answer = view.pareto_set_so_far()
    assert isinstance(answer, FiniteSet)
    assert len(answer.points) == 2
