"""The lift coefficients, the sweep that all share, and what both make of task vectors."""

import math

import numpy as np
import pytest
import torch
from tests.algorithms.merging.pools import small_pool

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.merging.breadcrumbs import Breadcrumbs
from fusefront.algorithms.merging.dropping import Dare, DareTies
from fusefront.algorithms.merging.isotropic import IsotropicCommon, IsotropicCommonTaskSpecific
from fusefront.algorithms.merging.magmax import MagMax
from fusefront.algorithms.merging.soups import GeneralisedSoup, RewardedSoup
from fusefront.algorithms.merging.swept_merge import SweptMerge, effective_number, lift
from fusefront.algorithms.merging.tall_masks import Consensus
from fusefront.algorithms.merging.task_arithmetic import TaskArithmetic
from fusefront.algorithms.merging.ties import Ties
from fusefront.algorithms.merging.tsvm import Tsvm
from fusefront.algorithms.merging.wudi import Wudi
from fusefront.testing.toy_problem import ToyProblem, open_view


@pytest.mark.parametrize("m", [2, 3, 8])
@pytest.mark.parametrize("centre", [0.1, 0.6])
def test_corners_have_coefficient_one_and_the_centre_the_given_one(m: int, centre: float) -> None:
    assert torch.equal(lift(torch.eye(m)[1], centre), torch.eye(m)[1])
    found = lift(torch.full((m,), 1 / m), centre)
    torch.testing.assert_close(found, torch.full((m,), centre), rtol=1e-5, atol=0)


def test_scale_between_follows_the_entropy() -> None:
    p = torch.tensor([0.7, 0.2, 0.1])
    even = -sum(x * math.log(x) for x in p.tolist()) / math.log(3)
    expected = (1 + (3 * 0.5 - 1) * even) * p
    torch.testing.assert_close(lift(p, 0.5), expected)


def test_centre_of_one_over_m_is_the_rewarded_soup() -> None:
    p = torch.tensor([0.7, 0.2, 0.1])
    torch.testing.assert_close(lift(p, 1 / 3), p)


@pytest.mark.parametrize(
    ("coefficients", "expected"),
    [([2.0, 2.0, 2.0], 3.0), ([0.0, 5.0, 0.0], 1.0), ([3.0, 1.0], 1.6), ([0.0, 0.0], 1.0)],
)
def test_effective_number_counts_equal_coefficients(
    coefficients: list[float], expected: float
) -> None:
    c = torch.tensor(coefficients)
    assert float(effective_number(c.sum(), c.square().sum())) == pytest.approx(expected)


def test_generalised_soup_is_task_arithmetic_at_the_centre_and_the_experts_at_the_corners(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    m = len(problem.tasks)
    soup = GeneralisedSoup().fit(open_view(problem), generator=generator)
    arithmetic = TaskArithmetic().fit(open_view(problem), generator=generator)
    centre = [1 / m] * m
    torch.testing.assert_close(soup.model(centre), arithmetic.model(centre), rtol=0, atol=1e-6)
    for corner, vector in zip(np.eye(m), problem.task_vectors, strict=True):
        assert torch.equal(soup.model(corner), problem.pretrained + vector)


def test_generalised_soup_of_the_average_is_the_rewarded_soup(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    m = len(problem.tasks)
    p = np.random.default_rng(0).dirichlet(np.ones(m))
    soup = GeneralisedSoup(sweep=(1 / m,)).fit(open_view(problem), generator=generator)
    expected = RewardedSoup().fit(open_view(problem), generator=generator).model(p)
    torch.testing.assert_close(soup.model(p), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("algorithm", [Ties(), MagMax()])
def test_length_is_the_best_of_the_sweep_and_costs_one_evaluation_each(
    algorithm: SweptMerge, problem: ToyProblem, generator: torch.Generator
) -> None:
    view = open_view(problem)
    answer = algorithm.fit(view, generator=generator)
    assert view.budget.ledger.validation_evaluations == len(algorithm.sweep)
    direction = algorithm.merge(view.experts, generator)(torch.ones(len(problem.tasks)))
    models = [problem.pretrained + c * direction for c in algorithm.sweep]
    best = int(np.argmin([view.objectives(model).mean() for model in models]))
    centre = [1 / len(problem.tasks)] * len(problem.tasks)
    torch.testing.assert_close(answer.model(centre), models[best], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("constant", "mapped"),
    [(Ties(), ALGORITHMS["ties-map"].make()), (MagMax(), ALGORITHMS["magmax-map"].make())],
)
def test_map_is_the_constant_merge_at_the_centre(
    constant: SweptMerge, mapped: SweptMerge, problem: ToyProblem, generator: torch.Generator
) -> None:
    centre = [1 / len(problem.tasks)] * len(problem.tasks)
    models = [
        a.fit(open_view(problem), generator=generator).model(centre) for a in (constant, mapped)
    ]
    torch.testing.assert_close(*models, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "algorithm",
    [
        Ties(),
        Dare(),
        DareTies(),
        MagMax(),
        Tsvm(),
        IsotropicCommon(),
        IsotropicCommonTaskSpecific(),
        Wudi(steps=3),
        Consensus(),
        Breadcrumbs(),
    ],
    ids=lambda algorithm: type(algorithm).__name__,
)
def test_vectors_in_half_precision_are_merged_in_float32_and_not_modified(
    algorithm: SweptMerge,
) -> None:
    pool = small_pool(2)
    halved = pool.altered(pool.task_vectors.to(torch.bfloat16))
    rounded = pool.altered(halved.task_vectors.float())
    before = halved.task_vectors.clone()
    found, expected = (
        algorithm.merge(p, torch.Generator().manual_seed(0))(torch.ones(2))
        for p in (halved, rounded)
    )
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)
    assert torch.equal(halved.task_vectors, before)


def test_budget_for_part_of_a_sweep_returns_that_part(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    view = open_view(problem, units=250)
    with pytest.raises(RuntimeError, match="budget"):
        ALGORITHMS["ties-map"].make().fit(view, generator=generator)
    assert view.pareto_set_so_far() is not None
