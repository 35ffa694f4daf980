"""Solvers over coefficients and over weights, on quadratic losses, whose fronts are known.

Loss i is |W - W_i|^2 / 2: the front is where coefficients of the experts are on the simplex.
"""

from collections.abc import Sequence

import pytest
import torch
from tests.algorithms.quadratic import quadratic_view
from torch import Tensor

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.pareto_set import ConstantSet, FiniteSet
from fusefront.algorithms.training.rays import rays
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

BALANCED = [f"{name}-coefficients" for name in ("mgda", "pcgrad", "cagrad", "nash-mtl", "imtl-g")]


def fit(algorithm: Algorithm, view: ProblemView) -> list[Tensor]:
    """Return the coefficients, or weights, of the model or of every ray."""
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
    assert isinstance(answer, ConstantSet | FiniteSet)
    points: Sequence[object] = (
        [answer.constant] if isinstance(answer, ConstantSet) else answer.points
    )
    found = [p.values if isinstance(p, Coefficients) else p for p in points]
    assert all(isinstance(x, Tensor) for x in found)
    return [x for x in found if isinstance(x, Tensor)]


@pytest.mark.parametrize("name", BALANCED)
@pytest.mark.parametrize("m", [2, 3])
def test_balanced_solvers_end_on_the_front(name: str, m: int) -> None:
    (values,) = fit(ALGORITHMS[name].make(steps=100), quadratic_view(m))
    assert float(values.sum()) == pytest.approx(1, abs=0.03)
    assert (values >= -0.02).all()


@pytest.mark.parametrize("name", BALANCED)
def test_balanced_solvers_treat_symmetric_tasks_equally(name: str) -> None:
    """Two orthogonal experts of one length: half of each."""
    view = quadratic_view(2)
    vectors = torch.zeros_like(view.experts.task_vectors)
    vectors[0, 0] = vectors[1, 1] = 0.7
    view._oracle.targets.copy_(vectors)  # type: ignore[attr-defined]
    (values,) = fit(ALGORITHMS[name].make(steps=80), view.over(view.experts.altered(vectors)))
    torch.testing.assert_close(values, torch.full((2,), 0.5), atol=0.02, rtol=0)


def test_epo_ends_where_importance_times_loss_is_equal() -> None:
    """L_0 = (1 - c)^2 d, L_1 = c^2 d on the front: c = sqrt(p_0) / (sqrt(p_0) + sqrt(p_1))."""
    found = fit(ALGORITHMS["epo-coefficients"].make(rays=5, steps=60), quadratic_view(2))
    for ray, values in list(zip(rays(2, 5), found, strict=True))[1:-1]:
        expected = ray.sqrt() / ray.sqrt().sum()
        torch.testing.assert_close(values, expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("name", ["upgrad-coefficients", "aligned-mtl-coefficients"])
def test_solvers_with_a_preference_end_on_the_front(name: str) -> None:
    for values in fit(ALGORITHMS[name].make(rays=3, steps=60), quadratic_view(2)):
        assert float(values.sum()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ["mgda-finetune", "epo-finetune", "pmtl-finetune"])
def test_fine_tuning_starts_at_the_mean_of_the_experts(name: str) -> None:
    view = quadratic_view(3)
    for weights in fit(ALGORITHMS[name].make(steps=0), view):
        torch.testing.assert_close(weights, view.experts.task_vectors.mean(dim=0))


def test_fine_tuning_leaves_the_span_of_the_experts_for_the_front() -> None:
    view = quadratic_view(2)
    (weights,) = fit(ALGORITHMS["mgda-finetune"].make(steps=100, learning_rate=2e-2), view)
    c = torch.linalg.lstsq(view.experts.task_vectors.T, weights[:, None]).solution.flatten()
    torch.testing.assert_close(c @ view.experts.task_vectors, weights, atol=1e-3, rtol=0)
    assert float(c.sum()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    "name",
    [
        "epo-coefficients",
        "upgrad-coefficients",
        "aligned-mtl-coefficients",
        "pmtl-coefficients",
    ],
)
def test_a_step_costs_what_one_of_linear_scalarization_costs(name: str) -> None:
    ledgers = []
    for each in (name, "ls-coefficients"):
        view = open_view(toy_problem(3))
        fit(ALGORITHMS[each].make(rays=4, steps=5), view)
        ledgers.append(view.budget.ledger)
    assert ledgers[0].units == ledgers[1].units == 4 * (5 * 3 * 3 * 16 + 120)
    assert ledgers[0].gradient_steps == ledgers[1].gradient_steps == 4 * 5


@pytest.mark.parametrize("name", BALANCED)
def test_single_descents_pay_three_units_per_example(name: str) -> None:
    view = open_view(toy_problem(2))
    fit(ALGORITHMS[name].make(steps=7), view)
    assert view.budget.ledger.units == 7 * 3 * 2 * 16
    assert view.budget.ledger.validation_evaluations == 0
