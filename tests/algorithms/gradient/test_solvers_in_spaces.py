"""Solvers over coefficients and over weights, on quadratic losses, whose fronts are known.

Loss i is |W - W_i|^2 / 2: the front is where coefficients of the experts are on the simplex.
"""

from collections.abc import Sequence

import pytest
import torch
from tests.algorithms.quadratic import quadratic_view
from torch import Tensor

from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.gradient.coefficients import (
    AlignedMTLCoefficients,
    CAGradCoefficients,
    EPOCoefficients,
    IMTLGCoefficients,
    MGDACoefficients,
    NashMTLCoefficients,
    PCGradCoefficients,
    PMTLCoefficients,
    UPGradCoefficients,
)
from fusefront.algorithms.gradient.finetune import EPOFinetune, MGDAFinetune, PMTLFinetune
from fusefront.algorithms.pareto_set import ConstantSet, FiniteSet
from fusefront.algorithms.scalarization.coefficients import LinearScalarizationCoefficients
from fusefront.algorithms.training.rays import rays
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

SINGLE: list[type[Algorithm]] = [
    MGDACoefficients,
    PCGradCoefficients,
    CAGradCoefficients,
    NashMTLCoefficients,
    IMTLGCoefficients,
]


def fit(algorithm: Algorithm, view: ProblemView) -> list[Tensor]:
    """Coefficients, or weights, of the model or of every ray."""
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(1))
    assert isinstance(answer, ConstantSet | FiniteSet)
    points: Sequence[object] = [answer.answer] if isinstance(answer, ConstantSet) else answer.points
    found = [p.values if isinstance(p, Coefficients) else p for p in points]
    assert all(isinstance(x, Tensor) for x in found)
    return [x for x in found if isinstance(x, Tensor)]


@pytest.mark.parametrize("form", SINGLE)
@pytest.mark.parametrize("m", [2, 3])
def test_balanced_solvers_end_on_the_front(form: type[Algorithm], m: int) -> None:
    (values,) = fit(form(steps=100), quadratic_view(m))  # type: ignore[call-arg]
    assert float(values.sum()) == pytest.approx(1, abs=0.03)
    assert (values >= -0.02).all()


@pytest.mark.parametrize("form", SINGLE)
def test_balanced_solvers_answer_symmetric_tasks_alike(form: type[Algorithm]) -> None:
    """Two orthogonal experts of one length: half of each."""
    view = quadratic_view(2)
    vectors = torch.zeros_like(view.experts.task_vectors)
    vectors[0, 0] = vectors[1, 1] = 0.7
    view._oracle.targets.copy_(vectors)  # type: ignore[attr-defined]
    (values,) = fit(form(steps=80), view.over(view.experts.altered(vectors)))  # type: ignore[call-arg]
    torch.testing.assert_close(values, torch.full((2,), 0.5), atol=0.02, rtol=0)


def test_epo_ends_where_importance_times_loss_is_equal() -> None:
    """L_0 = (1 - c)^2 d, L_1 = c^2 d on the front: c = sqrt(p_0) / (sqrt(p_0) + sqrt(p_1))."""
    found = fit(EPOCoefficients(rays=5, steps=60), quadratic_view(2))
    for ray, values in list(zip(rays(2, 5), found, strict=True))[1:-1]:
        expected = ray.sqrt() / ray.sqrt().sum()
        torch.testing.assert_close(values, expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("form", [UPGradCoefficients, AlignedMTLCoefficients])
def test_solvers_with_a_preference_end_on_the_front(form: type[Algorithm]) -> None:
    for values in fit(form(rays=3, steps=60), quadratic_view(2)):  # type: ignore[call-arg]
        assert float(values.sum()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("form", [MGDAFinetune, EPOFinetune, PMTLFinetune])
def test_fine_tuning_starts_at_the_mean_of_the_experts(form: type[Algorithm]) -> None:
    view = quadratic_view(3)
    for weights in fit(form(steps=0), view):  # type: ignore[call-arg]
        torch.testing.assert_close(weights, view.experts.task_vectors.mean(dim=0))


def test_fine_tuning_leaves_the_span_of_the_experts_for_the_front() -> None:
    view = quadratic_view(2)
    (weights,) = fit(MGDAFinetune(steps=100, learning_rate=2e-2), view)
    c = torch.linalg.lstsq(view.experts.task_vectors.T, weights[:, None]).solution.flatten()
    torch.testing.assert_close(c @ view.experts.task_vectors, weights, atol=1e-3, rtol=0)
    assert float(c.sum()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    "form", [EPOCoefficients, UPGradCoefficients, AlignedMTLCoefficients, PMTLCoefficients]
)
def test_a_step_costs_what_one_of_linear_scalarization_costs(form: type[Algorithm]) -> None:
    ledgers = []
    for algorithm in (form, LinearScalarizationCoefficients):
        view = open_view(toy_problem(3))
        fit(algorithm(rays=4, steps=5), view)  # type: ignore[call-arg]
        ledgers.append(view.budget.ledger)
    assert ledgers[0].units == ledgers[1].units == 4 * (5 * 3 * 3 * 16 + 120)
    assert ledgers[0].gradient_steps == ledgers[1].gradient_steps == 4 * 5


@pytest.mark.parametrize("form", SINGLE)
def test_single_descents_pay_three_units_an_example(form: type[Algorithm]) -> None:
    view = open_view(toy_problem(2))
    fit(form(steps=7), view)  # type: ignore[call-arg]
    assert view.budget.ledger.units == 7 * 3 * 2 * 16
    assert view.budget.ledger.validation_evaluations == 0
