"""A perceptron from the preference to coefficients; on quadratic losses c(p) = p is the optimum."""

import numpy as np
import pytest
import torch
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.hypernetworks.phn import TaskPreferenceHypernetwork
from fusefront.algorithms.hypernetworks.trunk import perceptron, start_perceptron
from fusefront.problems.view import ProblemView


def test_perceptron_is_affine_layers_with_relu_between(generator: torch.Generator) -> None:
    shapes = [(5, 3), (5,), (4, 5), (4,), (2, 4), (2,)]
    w1, b1, w2, b2, w3, b3 = parameters = [torch.randn(s, generator=generator) for s in shapes]
    x = torch.randn(3, generator=generator)
    expected = w3 @ (w2 @ (w1 @ x + b1).clamp_min(0) + b2).clamp_min(0) + b3
    torch.testing.assert_close(perceptron(parameters, x), expected)


def test_perceptron_starts_at_its_last_bias_with_live_hidden_layers(
    generator: torch.Generator,
) -> None:
    parameters = start_perceptron([3, 50, 40, 2], generator)
    assert [tuple(p.shape) for p in parameters] == [(50, 3), (50,), (40, 50), (40,), (2, 40), (2,)]
    assert perceptron(parameters, torch.ones(7, 3)).abs().max() == 0
    assert parameters[2].std() == pytest.approx((2 / 50) ** 0.5, rel=0.1)


def test_every_preference_starts_at_task_arithmetic(
    view: ProblemView, generator: torch.Generator
) -> None:
    answer = TaskPreferenceHypernetwork(steps=0, initial=0.4).fit(view, generator=generator)
    for p in np.eye(len(view.tasks)):
        found = answer.coefficients(p)
        assert found is not None
        assert found.space == "task"
        assert (found.values == torch.tensor(0.4)).all()


@pytest.mark.parametrize("m", [2, 3])
def test_coefficients_become_the_preference_on_quadratic_losses(
    m: int, generator: torch.Generator
) -> None:
    """sum_i p_i |W - W_i|^2 is least at W = sum_i p_i W_i, whose coefficients are p."""
    view = quadratic_view(m)
    algorithm = TaskPreferenceHypernetwork(steps=250, concentration=1.0)
    answer = algorithm.fit(view, generator=generator)
    for p in (*np.eye(m), np.full(m, 1 / m)):
        found = answer.coefficients(p)
        assert found is not None
        torch.testing.assert_close(found.values.double(), torch.tensor(p), atol=0.08, rtol=0)


def test_epo_evens_out_the_weighed_losses_of_a_problem_with_conflict(
    generator: torch.Generator,
) -> None:
    """On the segment between two experts p_i L_i are equal at c_1 : c_2 = sqrt p_1 : sqrt p_2."""
    view = quadratic_view(2)
    algorithm = ALGORITHMS["phn-task-epo"].make(steps=150, learning_rate=2e-2, concentration=1.0)
    answer = algorithm.fit(view, generator=generator)
    batch = next(view.batches(1))
    for p in ([0.3, 0.7], [0.5, 0.5], [0.7, 0.3]):
        losses = view.losses(answer.model(p), batch)
        shares = torch.tensor(p) * losses
        assert shares[0] / shares.sum() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("m", "width"), [(2, 8), (3, 16)])
def test_parameters_are_counted(m: int, width: int, generator: torch.Generator) -> None:
    algorithm = TaskPreferenceHypernetwork(steps=0, width=width)
    answer = algorithm.fit(quadratic_view(m), generator=generator)
    expected = m * width + width + width * width + width + width * m + m
    assert answer.trainable_parameters == expected
