"""Corner gap: 0 for experts, and every corner must be among the preferences."""

import numpy as np
import pytest

from fusefront.errors import ParameterError
from fusefront.metrics.corner_gap import corner_gap

EXPERTS = np.array([0.75, 0.99, 0.8])
PREFERENCES = np.vstack([np.eye(3), np.full((1, 3), 1 / 3)])
POINTS = np.zeros((4, 3))
OWN = np.full((4, 3), 0.3) + np.vstack([np.diag(EXPERTS - 0.3), np.zeros((1, 3))])


def test_is_zero_when_experts_are_returned_at_the_corners() -> None:
    gap = corner_gap(POINTS, preferences=PREFERENCES, values=OWN, expert_values=EXPERTS)
    assert gap == pytest.approx(0.0, abs=1e-15)


def test_is_the_mean_loss_over_tasks() -> None:
    values = OWN - np.array([0.3, 0.06, 0.0])
    gap = corner_gap(POINTS, preferences=PREFERENCES, values=values, expert_values=EXPERTS)
    assert gap == pytest.approx(0.12)


def test_is_negative_when_models_improve_on_the_experts() -> None:
    gap = corner_gap(POINTS, preferences=PREFERENCES, values=OWN + 0.01, expert_values=EXPERTS)
    assert gap == pytest.approx(-0.01)


def test_models_inside_the_simplex_do_not_count() -> None:
    values = OWN.copy()
    values[3] = 0.0
    gap = corner_gap(POINTS, preferences=PREFERENCES, values=values, expert_values=EXPERTS)
    assert gap == pytest.approx(0.0, abs=1e-15)


def test_equal_corners_are_averaged() -> None:
    gap = corner_gap(
        np.zeros((3, 2)),
        preferences=[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
        values=[[0.8, 0.0], [0.6, 0.0], [0.0, 0.9]],
        expert_values=[0.9, 0.9],
    )
    assert gap == pytest.approx(0.1)


@pytest.mark.parametrize("missing", range(3))
def test_missing_corner_is_named(missing: int) -> None:
    kept = [k for k in range(4) if k != missing]
    with pytest.raises(ParameterError, match=f"none for task {missing}"):
        corner_gap(
            POINTS[kept], preferences=PREFERENCES[kept], values=OWN[kept], expert_values=EXPERTS
        )


def test_nan_is_refused() -> None:
    with pytest.raises(ParameterError, match="`values` must be finite"):
        corner_gap(POINTS, preferences=PREFERENCES, values=OWN * np.nan, expert_values=EXPERTS)
