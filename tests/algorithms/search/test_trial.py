import numpy as np
import pytest
import torch

from fusefront.algorithms.search.pools import RandomPool
from fusefront.algorithms.search.trial import Trial
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

FULL = 80
"""Units of a validation evaluation of the toy's first two tasks."""


def trial(view: ProblemView, points: int = 500, examples: int = 20, kept: int = 25) -> Trial:
    return Trial(view, points=points, examples=examples, kept=kept, space="task")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def uniform(k: int, d: int = 2) -> np.typing.NDArray[np.float64]:
    return np.random.default_rng(0).uniform(size=(k, d))


def test_all_examples_are_used_where_the_budget_covers_all_points() -> None:
    view = open_view(toy_problem(2), units=10 * FULL)
    run = trial(view, points=10)
    found = run.measure(uniform(20))
    assert len(found) == 10
    assert view.budget.ledger.units == 10 * FULL
    assert len(run.settle(generator()).points) == 3 + 10
    assert view.budget.ledger.units == 10 * FULL


def test_search_takes_part_of_the_examples_and_leaves_half_of_the_budget() -> None:
    view = open_view(toy_problem(2), units=40 * FULL)
    run = trial(view)
    run.measure(uniform(500))
    assert run.count == 40 * 4 // 2
    assert view.budget.ledger.units == 20 * FULL


def test_kept_models_are_measured_again_on_all_of_validation() -> None:
    view = open_view(toy_problem(2), units=40 * FULL)
    run = trial(view, kept=5)
    run.measure(uniform(500))
    answer = run.settle(generator())
    assert 1 <= len(answer.points) - 3 <= 5
    free = open_view(toy_problem(2))
    for point, objectives in zip(answer.points[3:], answer.objectives[3:], strict=True):
        np.testing.assert_array_equal(free.objectives(point), objectives)
    assert view.budget.ledger.units <= 40 * FULL


def test_noise_is_binomial_in_units_of_the_objective() -> None:
    view = open_view(toy_problem(2), units=40 * FULL)
    run = trial(view)
    run.measure(uniform(3))
    rows, objectives, variances = run.data()
    np.testing.assert_array_equal(rows, np.vstack([np.zeros(2), np.eye(2), uniform(3)]))
    gain = view.anchors.expert - view.anchors.pretrained
    accuracy = view.anchors.expert - objectives * gain
    inside = (accuracy > 0.05) & (accuracy < 0.95)
    n = np.array([80] * 3 + [20] * 3)[:, None]
    drawn = np.random.default_rng(0).binomial(n, accuracy, (50_000, 6, 2)) / n
    assert inside.sum() > 3
    np.testing.assert_allclose(variances[inside], (drawn / gain).var(axis=0)[inside], rtol=0.05)
    assert (variances > 0).all()


def test_losses_have_no_noise() -> None:
    run = trial(open_view(QuadraticProblem()))
    run.measure(uniform(3))
    assert not run.data()[2].any()


def test_known_models_are_those_of_the_task_vectors_as_they_are() -> None:
    view = open_view(toy_problem(2))
    assert len(trial(view).pareto_set().points) == 3
    altered = view.over(view.experts.altered(0.5 * view.experts.task_vectors))
    answer = trial(altered).pareto_set()
    assert len(answer.points) == 1
    np.testing.assert_allclose(answer.objectives, 1)


def test_known_models_in_block_space_are_the_experts() -> None:
    view = open_view(toy_problem(2))
    run = Trial(view, points=5, examples=20, kept=5, space="block")
    groups = len(view.experts.layout.groups("block").names)
    assert run.dimensions == 2 * groups
    answer = run.pareto_set()
    models = [view.experts.build(p) for p in answer.points]
    expected = [
        view.experts.pretrained,
        *(view.experts.pretrained + t for t in view.experts.task_vectors),
    ]
    for model, other in zip(models, expected, strict=True):
        torch.testing.assert_close(model, other)
    np.testing.assert_allclose(
        answer.objectives, [view.objectives(p) for p in answer.points], atol=1e-12
    )


@pytest.mark.parametrize("units", [0, 3 * FULL, 7 * FULL])
def test_small_budget_returns_the_measured_models(units: int) -> None:
    view = open_view(toy_problem(2), units=units)
    answer = RandomPool(examples=20).fit(view, generator=generator())
    assert view.budget.ledger.units <= units
    assert answer.trainable_parameters == 2
