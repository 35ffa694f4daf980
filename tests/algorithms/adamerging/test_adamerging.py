import numpy as np
import pytest
import torch
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.spy_oracle import SpyOracle
from fusefront.testing.toy_problem import ToyProblem, open_view

FORMS = [
    ALGORITHMS["adamerging-task"].make,
    ALGORITHMS["adamerging-tensor"].make,
]


def fit(algorithm: Algorithm, view: ProblemView) -> Coefficients:
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(0))
    found = answer.coefficients(np.eye(len(view.tasks))[0])
    assert found is not None
    return found


def entropy(view: ProblemView, point: Coefficients) -> float:
    """Sum over tasks of the mean entropy on all of calibration."""
    batch = next(view.batches(60, labelled=False))
    return float(view.entropies(view.merge(point), batch).sum())


@pytest.mark.parametrize("form", FORMS)
def test_entropy_falls(form: type[Algorithm], view: ProblemView) -> None:
    before = fit(form(steps=0), view)  # type: ignore[call-arg]
    after = fit(form(steps=100, learning_rate=1e-2), view)  # type: ignore[call-arg]
    assert entropy(view, after) < entropy(view, before)


@pytest.mark.parametrize("form", FORMS)
def test_coefficients_stay_between_0_and_1(form: type[Algorithm], view: ProblemView) -> None:
    values = fit(form(steps=40, learning_rate=0.5), view).values  # type: ignore[call-arg]
    assert ((values >= 0) & (values <= 1)).all()
    assert ((values == 0) | (values == 1)).any()


@pytest.mark.parametrize("initial", [0.3, 1.5, -0.5])
def test_known_minimum_is_reached_even_by_coefficients_that_left_their_range(
    initial: float,
) -> None:
    """The quadratic oracle's entropies sum to a paraboloid whose minimum is at c = 1 / m."""
    algorithm = ALGORITHMS["adamerging-task"].make(steps=300, learning_rate=2e-2, initial=initial)
    values = fit(algorithm, quadratic_view(3)).values
    torch.testing.assert_close(values, torch.full((3,), 1 / 3), atol=1e-2, rtol=0)


def test_task_wise_form_has_one_coefficient_per_task(view: ProblemView) -> None:
    found = fit(ALGORITHMS["adamerging-task"].make(steps=1), view)
    assert (found.space, found.values.shape) == ("task", (len(view.tasks),))


def test_tensor_wise_form_has_one_coefficient_per_task_and_tensor(view: ProblemView) -> None:
    found = fit(ALGORITHMS["adamerging-tensor"].make(steps=1), view)
    assert found.space == "tensor"
    assert found.values.shape == (len(view.experts.layout.names), len(view.tasks))


@pytest.mark.parametrize("form", FORMS)
def test_no_label_is_seen_and_only_unlabelled_examples_are_counted(
    form: type[Algorithm], problem: ToyProblem
) -> None:
    spy = SpyOracle(problem.oracle(frozenset({"calibration", "validation"})))
    view = open_view(problem, oracle=spy)
    fit(form(steps=10), view)  # type: ignore[call-arg]
    ledger = view.budget.ledger
    assert not spy.labels_seen
    assert ledger.labelled_examples == 0
    assert ledger.validation_evaluations == 0
    assert ledger.unlabelled_examples > 0
    assert ledger.gradient_steps == ledger.model_builds == 10
    assert ledger.units == 3 * 10 * 16 * len(problem.tasks)
