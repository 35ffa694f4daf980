import numpy as np
import pytest
import torch
from torch.nn import functional

from fusefront.errors import ParameterError
from fusefront.problems.base import DistributionOracle
from fusefront.testing.toy_problem import Backbone, ToyProblem, toy_layout, toy_problem


@pytest.fixture
def problem() -> ToyProblem:
    return toy_problem(3)


@pytest.fixture
def oracle(problem: ToyProblem) -> DistributionOracle:
    return problem.oracle(frozenset({"calibration", "validation"}))


def plain_logits(problem: ToyProblem, params: torch.Tensor, task: int) -> torch.Tensor:
    """Logits of a task on validation by a plain network that has these parameters."""
    network = Backbone()
    network.load_state_dict(toy_layout().unflatten(params))
    with torch.no_grad():
        features = network(problem.splits["validation"][task].inputs)
        return functional.linear(features, *problem.heads[task])


def test_measurement_is_that_of_a_plain_network(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    measured = oracle.measure(problem.pretrained, "validation")
    for task, examples in enumerate(problem.splits["validation"]):
        logits = plain_logits(problem, problem.pretrained, task)
        right = (logits.argmax(1) == examples.labels).numpy()
        np.testing.assert_array_equal(measured.outcomes[task], right)
        assert measured.value[task] == pytest.approx(right.mean())
        loss = functional.cross_entropy(logits, examples.labels)
        assert measured.loss[task] == pytest.approx(float(loss), rel=1e-5)


def test_losses_of_a_batch_of_everything_are_the_measured_losses(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    rows = [torch.arange(n) for n in oracle.length("validation")]
    batch = oracle.batch("validation", rows, labelled=True)
    losses = oracle.losses(problem.pretrained, batch)
    expected = oracle.measure(problem.pretrained, "validation").loss
    np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-5)


def test_entropies_are_those_of_the_predicted_distributions(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    rows = [torch.arange(n) for n in oracle.length("validation")]
    batch = oracle.batch("validation", rows, labelled=False)
    found = oracle.entropies(problem.pretrained, batch)
    for task in range(3):
        p = plain_logits(problem, problem.pretrained, task).softmax(1).double().numpy()
        expected = -(p * np.log(p)).sum(axis=1).mean()
        assert float(found[task]) == pytest.approx(expected, rel=1e-5)


def test_gradient_reaches_every_parameter(problem: ToyProblem, oracle: DistributionOracle) -> None:
    batch = oracle.batch("calibration", [torch.arange(9)] * 3, labelled=True)
    params = problem.pretrained.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(oracle.losses(params, batch).sum(), params)
    assert all((g != 0).any() for g in toy_layout().unflatten(gradient).values())


def test_measuring_one_model_does_not_change_the_measurement_of_another(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    first = oracle.measure(problem.pretrained, "validation").loss
    oracle.measure(problem.pretrained + problem.task_vectors[0], "validation")
    np.testing.assert_array_equal(oracle.measure(problem.pretrained, "validation").loss, first)


def test_loss_of_an_unlabelled_batch_is_refused(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    batch = oracle.batch("calibration", [torch.arange(2)] * 3, labelled=False)
    with pytest.raises(ParameterError, match="labelled=True"):
        oracle.losses(problem.pretrained, batch)


def test_first_examples_of_each_task_are_the_same_at_every_call(
    problem: ToyProblem, oracle: DistributionOracle
) -> None:
    whole = oracle.measure(problem.pretrained, "validation")
    part = oracle.measure(problem.pretrained, "validation", examples=10)
    for all_outcomes, outcomes in zip(whole.outcomes, part.outcomes, strict=True):
        np.testing.assert_array_equal(outcomes, all_outcomes[:10])
