import numpy as np
import pytest
import torch

from fusefront.algorithms.merging.soups import (
    Pretrained,
    RewardedSoup,
    SimpleAverage,
    SingleExperts,
)
from fusefront.algorithms.merging.task_arithmetic import TaskArithmetic
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import ToyProblem, open_view


def corners(m: int) -> list[list[float]]:
    return np.eye(m).tolist()


def test_pretrained_returns_the_pretrained_model_bit_for_bit(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = Pretrained().fit(view, generator=generator)
    for corner in corners(len(view.tasks)):
        assert torch.equal(answer.model(corner), view.experts.pretrained)


def test_soup_at_a_corner_is_the_expert_bit_for_bit(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = RewardedSoup().fit(view, generator=generator)
    for corner, task_vector in zip(
        corners(len(view.tasks)), view.experts.task_vectors, strict=True
    ):
        assert torch.equal(answer.model(corner), view.experts.pretrained + task_vector)


def test_soup_is_the_preference_weighted_mean_of_the_experts(
    view: ProblemView, generator: torch.Generator
) -> None:
    experts = view.experts.pretrained + view.experts.task_vectors
    p = np.random.default_rng(0).dirichlet(np.ones(len(view.tasks)))
    expected = torch.einsum("t,tp->p", torch.from_numpy(p).float(), experts)
    answer = RewardedSoup().fit(view, generator=generator)
    torch.testing.assert_close(answer.model(p), expected, rtol=1e-5, atol=1e-6)


def test_simple_average_is_the_mean_of_the_experts_and_the_soup_at_the_centre(
    view: ProblemView, generator: torch.Generator
) -> None:
    m = len(view.tasks)
    average = SimpleAverage().fit(view, generator=generator).model(corners(m)[0])
    expected = (view.experts.pretrained + view.experts.task_vectors).mean(dim=0)
    torch.testing.assert_close(average, expected, rtol=1e-5, atol=1e-6)
    centre = RewardedSoup().fit(view, generator=generator).model(np.full(m, 1 / m))
    assert torch.equal(average, centre)


def test_each_corner_selects_its_own_expert(view: ProblemView, generator: torch.Generator) -> None:
    answer = SingleExperts().fit(view, generator=generator)
    for corner, task_vector in zip(
        corners(len(view.tasks)), view.experts.task_vectors, strict=True
    ):
        assert torch.equal(answer.model(corner), view.experts.pretrained + task_vector)


def test_task_arithmetic_is_the_best_of_its_sweep_by_mean_objective(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    view, m = open_view(problem), len(problem.tasks)
    sweep = (0.2, 0.5, 0.9)
    answer = TaskArithmetic(sweep=sweep).fit(view, generator=generator)
    assert view.budget.ledger.validation_evaluations == 3
    means = [view.objectives(Coefficients(values=torch.full((m,), c))).mean() for c in sweep]
    found = answer.coefficients(corners(m)[0])
    assert found is not None
    assert found.values.tolist() == pytest.approx([sweep[int(np.argmin(means))]] * m)


def test_task_arithmetic_returns_the_part_of_the_sweep_that_the_budget_allowed(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    view = open_view(problem, units=250)
    with pytest.raises(RuntimeError, match="budget"):
        TaskArithmetic().fit(view, generator=generator)
    assert view.pareto_set_so_far() is not None
