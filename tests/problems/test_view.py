from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from fusefront.errors import BudgetExhausted, NotApplicableError
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import SIZES, open_view, toy_problem

SHARED, OWN = SIZES["calibration"]
SHARED_VALIDATION, OWN_VALIDATION = SIZES["validation"]
VALIDATION = SHARED_VALIDATION + OWN_VALIDATION
"""Forward passes of one evaluation of three tasks: tasks 0 and 1 share theirs."""


def view3(units: int | None = None, data_seed: int = 0) -> ProblemView:
    return open_view(toy_problem(3), units=units, data_seed=data_seed)


def point(*values: float) -> Coefficients:
    return Coefficients(values=torch.tensor(values, dtype=torch.float32))


def rows_of(view: ProblemView, size: int, batches: int) -> list[Tensor]:
    """Inputs of each task in the order they were given out."""
    found = list(islice(view.batches(size), batches))
    return [torch.cat([b.inputs[b.segments[t]] for b in found]) for t in range(len(view.tasks))]


def test_loss_costs_three_units_per_example_with_gradient_and_one_without() -> None:
    view = view3()
    batch = next(view.batches(4))
    params = view.experts.pretrained.clone()
    view.losses(params, batch)
    assert (view.budget.ledger.units, view.budget.ledger.gradient_steps) == (12, 0)
    view.losses(params.requires_grad_(), batch)
    assert (view.budget.ledger.units, view.budget.ledger.gradient_steps) == (12 + 36, 1)
    with torch.no_grad():
        view.losses(params, batch)
    assert (view.budget.ledger.units, view.budget.ledger.gradient_steps) == (48 + 12, 1)


def test_entropy_costs_what_loss_costs() -> None:
    view = view3()
    batch = next(view.batches(4, labelled=False))
    view.entropies(view.experts.pretrained.clone().requires_grad_(), batch)
    assert view.budget.ledger.units == 36


def test_tasks_on_the_same_inputs_share_the_forward_passes_of_an_evaluation() -> None:
    view = view3()
    view.evaluate(point(0.3, 0.3, 0.3))
    assert view.budget.ledger.units == SHARED_VALIDATION + OWN_VALIDATION
    pair = open_view(toy_problem(2))
    pair.evaluate(point(0.3, 0.3), examples=10)
    assert pair.budget.ledger.units == 10


def test_evaluation_on_more_examples_than_exist_costs_only_the_existing_ones() -> None:
    view = view3()
    measured = view.evaluate(point(0.3, 0.3, 0.3), examples=60)
    assert view.budget.ledger.units == 60 + OWN_VALIDATION
    assert measured.n.tolist() == [60, 60, OWN_VALIDATION]


def test_measuring_the_same_coefficients_again_is_free() -> None:
    view = view3(units=VALIDATION)
    first = view.evaluate(point(0.3, 0.2, 0.1))
    assert view.evaluate(point(0.3, 0.2, 0.1)) is first
    assert view.budget.ledger.validation_evaluations == 1
    assert view.budget.ledger.model_builds == 1


def test_evaluation_is_the_measurement_of_the_merged_model() -> None:
    view = view3()
    coefficients = point(0.4, 0.1, 0.7)
    by_coefficients = view.evaluate(coefficients)
    by_params = view.evaluate(view.merge(coefficients))
    np.testing.assert_array_equal(by_coefficients.value, by_params.value)
    np.testing.assert_array_equal(by_coefficients.loss, by_params.loss)


def test_objectives_are_0_at_an_expert_on_its_task_and_1_at_the_pretrained_model() -> None:
    view = view3()
    np.testing.assert_allclose(view.objectives(point(0, 0, 0)), 1)
    for task, corner in enumerate(torch.eye(3)):
        assert view.objectives(Coefficients(values=corner))[task] == pytest.approx(0)


@pytest.mark.parametrize("units", [VALIDATION - 1, 0])
def test_exceeding_the_cap_raises_before_anything_is_spent(units: int) -> None:
    view = view3(units=units)
    with pytest.raises(BudgetExhausted):
        view.evaluate(point(0.3, 0.3, 0.3))
    ledger = view.budget.ledger
    assert (ledger.units, ledger.validation_evaluations, ledger.model_builds) == (0, 0, 0)


def test_examples_are_counted_once_however_often_they_are_drawn() -> None:
    view = view3()
    batches = view.batches(10)
    next(batches)
    assert view.budget.ledger.labelled_examples == 30
    for _ in range(50):
        next(batches)
    assert view.budget.ledger.labelled_examples == 2 * SHARED + OWN
    assert view.budget.ledger.unlabelled_examples == 0


def test_unlabelled_batches_have_no_labels_and_count_apart() -> None:
    view = view3()
    batch = next(view.batches(10, labelled=False))
    assert batch.labels is None
    assert view.budget.ledger.unlabelled_examples == 30
    assert view.budget.ledger.labelled_examples == 0


def test_every_example_is_drawn_once_before_any_is_drawn_twice() -> None:
    view = view3()
    for epochs in (1, 2, 3):
        for task, inputs in enumerate(rows_of(view, 7, 30)):
            n = OWN if task == 2 else SHARED
            epoch = inputs[(epochs - 1) * n : epochs * n]
            assert len(torch.unique(epoch, dim=0)) == n


def test_every_epoch_has_a_new_order() -> None:
    inputs = rows_of(view3(), SHARED, 2)[0]
    assert not torch.equal(inputs[:SHARED], inputs[SHARED:])


def test_data_order_is_the_same_at_every_call_and_for_every_batch_size() -> None:
    view = view3()
    small, again, large = rows_of(view, 6, 40), rows_of(view, 6, 40), rows_of(view3(), 24, 10)
    for task in range(3):
        assert torch.equal(small[task], again[task])
        assert torch.equal(small[task], large[task])


def test_data_order_changes_with_the_seed() -> None:
    assert not torch.equal(rows_of(view3(), 6, 3)[0], rows_of(view3(data_seed=1), 6, 3)[0])


def test_labels_stay_with_their_inputs() -> None:
    problem = toy_problem(3)
    batch = next(open_view(problem).batches(5))
    assert batch.labels is not None
    for examples, segment, labels in zip(
        problem.splits["calibration"], batch.segments, batch.labels, strict=True
    ):
        for row, label in zip(batch.inputs[segment], labels, strict=True):
            (match,) = torch.where((examples.inputs == row).all(dim=1))
            assert examples.labels[match] == label


def test_view_has_no_access_to_test() -> None:
    oracle = toy_problem(3).oracle(frozenset({"calibration", "validation"}))
    with pytest.raises(KeyError):
        oracle.measure(toy_problem(3).pretrained, "test")


@pytest.mark.parametrize("units", [0, 35, 36, 500])
def test_affordable_steps_can_be_paid_and_one_more_cannot(units: int) -> None:
    view = view3(units=units)
    batches, params = view.batches(4), view.experts.pretrained.clone().requires_grad_()
    for _ in range(int(view.affordable_steps(4))):
        view.losses(params, next(batches))
    with pytest.raises(BudgetExhausted):
        view.losses(params, next(batches))


def test_affordable_steps_reserve_evaluations() -> None:
    assert view3(units=2 * VALIDATION + 36).affordable_steps(4, evaluations=2) == 1
    assert view3(units=VALIDATION).affordable_steps(4, evaluations=2) == 0


def test_affordable_evaluations_can_be_paid() -> None:
    assert view3(units=3 * VALIDATION + 1).affordable_evaluations() == 3
    assert view3(units=100).affordable_evaluations(examples=10) == 5


def test_without_a_cap_everything_is_affordable() -> None:
    assert view3().affordable_steps(16, evaluations=3) == float("inf")
    assert view3().affordable_evaluations() == float("inf")


def test_milestones_are_kept_when_a_fraction_of_the_budget_is_passed() -> None:
    view = view3(units=1600)
    batches = view.batches(5)
    for step in range(100):
        view.losses(view.experts.pretrained, next(batches))  # 15 units
        view.milestone(lambda step=step: step)  # type: ignore[misc]
    assert [c.units for c in view.milestones] == [105, 210, 405, 810]
    assert [c.pareto_set for c in view.milestones] == [6, 13, 26, 53]
    assert view.pareto_set_so_far() == 99


def test_step_that_passes_several_fractions_makes_one_milestone() -> None:
    view = view3(units=2 * VALIDATION)
    view.evaluate(point(0.3, 0.3, 0.3))
    view.milestone(lambda: "half")
    assert [c.pareto_set for c in view.milestones] == ["half"]


def test_without_a_cap_no_milestone_is_kept_but_the_pareto_set_is() -> None:
    view = view3()
    assert view.pareto_set_so_far() is None
    view.milestone(lambda: "answer")
    assert view.milestones == []
    assert view.pareto_set_so_far() == "answer"


def test_log_records_the_units_spent_so_far() -> None:
    view = view3()
    view.evaluate(point(0.3, 0.3, 0.3))
    view.log("loss", 0.5)
    ((units, seconds, metric, value),) = view.traces
    assert (units, metric, value) == (VALIDATION, "loss", 0.5)
    assert seconds >= 0


def test_test_inputs_are_given_out_in_the_transductive_track_only_and_never_labelled() -> None:
    problem = toy_problem(2)
    with pytest.raises(NotApplicableError, match="transductive"):
        next(open_view(problem).transductive_batches(8))
    view = open_view(problem, transductive=True)
    batch = next(view.transductive_batches(8))
    assert batch.labels is None
    assert view.budget.ledger.unlabelled_examples == 16
    inputs = problem.splits["test"][0].inputs
    assert all((inputs == x).all(dim=1).any() for x in batch.inputs[:8])


def test_a_view_over_another_pool_shares_budget_and_milestones_but_not_measurements() -> None:
    view = open_view(toy_problem(2), units=1_000)
    half = view.over(view.experts.altered(0.5 * view.experts.task_vectors))
    point = Coefficients(values=torch.ones(2))
    full = view.evaluate(point)
    assert half.evaluate(point).loss[0] != full.loss[0]
    assert (
        half.evaluate(point).loss[0] == view.evaluate(Coefficients(values=point.values / 2)).loss[0]
    )
    assert view.budget.ledger.validation_evaluations == 3
    half.milestone(lambda: "answer")
    assert view.pareto_set_so_far() == "answer"
    assert not half.experts.original


def test_earlier_names_still_work_with_a_warning() -> None:
    view = view3(units=2 * VALIDATION)
    with pytest.warns(DeprecationWarning, match=r"is now `ProblemView\.milestone`"):
        view.checkpoint(lambda: "set")
    with pytest.warns(DeprecationWarning, match="pareto_set_so_far"):
        assert view.answer_so_far() == "set"
