"""Metrics of single models, of new data and of the anytime curve against loops and counts."""

from typing import Any

import numpy as np
import pytest
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.errors import ParameterError, ShapeError
from fusefront.metrics.anytime import anytime_utility
from fusefront.metrics.base import Array
from fusefront.metrics.corner_gap import corner_recovery
from fusefront.metrics.normalised_accuracy import average_normalised_accuracy, delta_m
from fusefront.metrics.predictions import agreement, calibration_error, negative_log_likelihood
from fusefront.metrics.shrinkage import shrinkage

CENTRE = [[0.5, 0.5]]
POINT = [[0.3, 0.6]]


def nearest(preferences: Array) -> list[int]:
    m = preferences.shape[1]
    far = [sum((p - 1 / m) ** 2) ** 0.5 for p in preferences]
    return [k for k, d in enumerate(far) if d <= min(far) + 1e-9]


@every_set
def test_agree_with_loops_over_the_balanced_models(
    points: Array, front: Array, preferences: Array
) -> None:
    m = points.shape[1]
    rows = points / 2
    models = nearest(preferences)
    mean = sum(sum(rows[k]) / m for k in models) / len(models)
    given = {"preferences": preferences}
    for found in (
        agreement(points, agreements=rows, **given),
        calibration_error(points, calibration_errors=rows, **given),
        negative_log_likelihood(points, losses=rows, **given),
    ):
        assert found == pytest.approx(mean, **TOLERANCE)
    experts = np.linspace(0.5, 1.0, m)
    changes = [100 * (rows[k, i] / experts[i] - 1) for k in models for i in range(m)]
    change = delta_m(points, values=rows, expert_values=experts, **given)
    assert change == pytest.approx(np.mean(changes), **TOLERANCE)
    ratio = average_normalised_accuracy(points, values=rows, expert_values=experts, **given)
    assert ratio is not None
    assert change == pytest.approx(100 * (ratio - 1), **TOLERANCE)


@every_set
def test_shrinkage_agrees_with_a_double_loop(
    points: Array, front: Array, preferences: Array
) -> None:
    generator = np.random.default_rng(points.shape[1])
    m = points.shape[1]
    test, validation = generator.random((2, *points.shape))
    experts, pretrained = generator.random((2, m))
    losses = [
        sum(
            preferences[k, i] * (validation[k, i] - test[k, i]) / abs(experts[i] - pretrained[i])
            for i in range(m)
        )
        for k in range(len(points))
    ]
    found = shrinkage(
        points,
        preferences=preferences,
        values=test,
        validation_values=validation,
        expert_values=experts,
        pretrained_values=pretrained,
    )
    assert found == pytest.approx(np.mean(losses), rel=1e-9)


def test_shrinkage_is_zero_without_loss_and_undefined_without_gain() -> None:
    given: dict[str, Any] = {"preferences": CENTRE, "values": POINT, "validation_values": POINT}
    assert shrinkage(POINT, expert_values=[1, 1], pretrained_values=[0, 0], **given) == 0.0
    assert shrinkage(POINT, expert_values=[1, 1], pretrained_values=[0, 1], **given) is None


def test_shrinkage_of_losses_has_the_same_sign() -> None:
    found = shrinkage(
        POINT,
        preferences=CENTRE,
        values=[[-2.0, -1.0]],
        validation_values=[[-1.0, -1.0]],
        expert_values=[-0.5, -0.5],
        pretrained_values=[-2.5, -2.5],
    )
    assert found == pytest.approx(0.25)


def test_delta_m_of_losses_is_a_share_of_the_expert_loss() -> None:
    given: dict[str, Any] = {"preferences": CENTRE, "values": [[-1.5, -1.0]]}
    assert delta_m(POINT, expert_values=[-1.0, -1.0], **given) == pytest.approx(-25.0)
    assert delta_m(POINT, expert_values=[0.0, -1.0], **given) is None


def test_experts_at_the_corners_recover_everything() -> None:
    corners = np.eye(3)
    assert corner_recovery(1 - corners, preferences=corners) == 1.0
    assert corner_recovery(np.ones((3, 3)), preferences=corners) == 0.0
    assert corner_recovery(0.75 * np.ones((3, 3)), preferences=corners) == 0.25
    with pytest.raises(ParameterError, match="corner of each task"):
        corner_recovery(POINT, preferences=CENTRE)


def test_anytime_utility_is_the_area_under_steps() -> None:
    # Corners and centre of one task each: utilities 0.4 from 25 units, and 0.1 from 75.
    stages = np.array([np.full((3, 2), 0.4), np.full((3, 2), 0.1)])
    scale = (1 + 1 + 0.5) / 3
    area = scale * (1.0 * 25 + 0.4 * 50 + 0.1 * 25) / 100
    run = {"budget_units": 100}
    found = anytime_utility(POINT, milestones=stages, milestone_units=[25, 75], run=run)
    assert found == pytest.approx(area, rel=1e-12)
    capless = anytime_utility(POINT, milestones=stages, milestone_units=[25, 75], run={})
    assert capless == pytest.approx(scale * (25 + 0.4 * 50) / 75, rel=1e-12)


def test_anytime_utility_of_nothing_is_undefined() -> None:
    none = np.empty((0, 3, 2))
    assert anytime_utility(POINT, milestones=none, milestone_units=[], run={}) is None
    free = np.zeros((1, 3, 2))
    assert anytime_utility(POINT, milestones=free, milestone_units=[0], run={}) is None


def test_milestones_of_another_shape_or_order_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"shape \(k, 3, 2\)"):
        anytime_utility(POINT, milestones=np.zeros((1, 2, 2)), milestone_units=[1], run={})
    with pytest.raises(ParameterError, match="must not descend"):
        anytime_utility(POINT, milestones=np.zeros((2, 3, 2)), milestone_units=[2, 1], run={})
