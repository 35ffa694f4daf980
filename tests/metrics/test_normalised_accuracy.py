"""Normalised accuracy of the balanced model."""

from collections.abc import Callable

import numpy as np
import pytest

from fusefront.benchmark.score.preferences import lattice, scoring_preferences
from fusefront.errors import ParameterError
from fusefront.metrics.base import Array
from fusefront.metrics.normalised_accuracy import (
    average_normalised_accuracy,
    worst_task_normalised_accuracy,
)

both = pytest.mark.parametrize(
    "metric", [average_normalised_accuracy, worst_task_normalised_accuracy]
)


def inputs(m: int) -> dict[str, Array]:
    preferences = scoring_preferences(m)
    values = np.random.default_rng(m).uniform(0.3, 0.9, preferences.shape)
    return {"preferences": preferences, "values": values, "expert_values": np.linspace(0.8, 1, m)}


@pytest.mark.parametrize(("m", "centre"), [(2, 5), (8, 8)])
def test_scores_the_model_at_the_centre(m: int, centre: int) -> None:
    arrays = inputs(m)
    points = np.zeros_like(arrays["values"])
    expected = arrays["values"][centre] / arrays["expert_values"]
    assert average_normalised_accuracy(points, **arrays) == pytest.approx(expected.mean())
    assert worst_task_normalised_accuracy(points, **arrays) == pytest.approx(expected.min())


def test_three_models_share_the_centre_of_the_lattice_of_three_tasks() -> None:
    arrays = inputs(3)
    near = [k for k, p in enumerate(arrays["preferences"]) if sorted(p) == [0.3, 0.3, 0.4]]
    assert len(near) == 3
    rows = arrays["values"][near] / arrays["expert_values"]
    points = np.zeros_like(arrays["values"])
    average = average_normalised_accuracy(points, **arrays)
    worst = worst_task_normalised_accuracy(points, **arrays)
    assert average == pytest.approx(rows.mean())
    assert worst == pytest.approx(rows.min(axis=1).mean())


def test_lattice_with_a_centre_has_no_tie() -> None:
    preferences = lattice(3, 3)
    values = np.arange(30.0).reshape(10, 3)
    value = average_normalised_accuracy(
        np.zeros((10, 3)), preferences=preferences, values=values, expert_values=np.ones(3)
    )
    assert value in values.mean(axis=1)


@both
def test_is_one_for_the_experts_values(metric: Callable[..., float]) -> None:
    arrays = inputs(4)
    arrays["values"] = np.tile(arrays["expert_values"], (len(arrays["preferences"]), 1))
    assert metric(np.zeros_like(arrays["values"]), **arrays) == pytest.approx(1.0)


def test_worst_task_is_never_above_the_average() -> None:
    for m in (2, 3, 4, 8):
        arrays = inputs(m)
        points = np.zeros_like(arrays["values"])
        worst = worst_task_normalised_accuracy(points, **arrays)
        average = average_normalised_accuracy(points, **arrays)
        assert worst is not None
        assert average is not None
        assert worst <= average


@both
@pytest.mark.parametrize("bad", [0.0, -0.5])
def test_experts_that_are_not_positive_are_refused(
    metric: Callable[..., float], bad: float
) -> None:
    arrays = inputs(2) | {"expert_values": np.array([0.9, bad])}
    with pytest.raises(ParameterError, match="`expert_values` must be positive"):
        metric(np.zeros_like(arrays["values"]), **arrays)


@both
def test_no_models_are_refused(metric: Callable[..., float]) -> None:
    none = np.empty((0, 2))
    with pytest.raises(ParameterError, match="at least one row"):
        metric(none, preferences=none, values=none, expert_values=[1.0, 1.0])


@both
def test_losses_with_their_sign_turned_have_no_share(metric: Callable[..., float | None]) -> None:
    for experts in ([-0.4, -0.2], [0.0, -0.0], [0.0, -0.3]):
        arrays = inputs(2) | {"expert_values": np.array(experts)}
        assert metric(np.zeros_like(arrays["values"]), **arrays) is None
