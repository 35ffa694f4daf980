"""The gain over the pretrained model is positive exactly where merging pays."""

import numpy as np
import pytest

from fusefront.errors import ParameterError
from fusefront.metrics.gain_over_pretrained import gain_over_pretrained


def test_agrees_with_a_double_loop() -> None:
    generator = np.random.default_rng(0)
    points, preferences = 2 * generator.random((9, 4)), generator.dirichlet(np.ones(4), size=9)
    slow = sum(
        max(row) - max(p * g for p, g in zip(row, point, strict=True))
        for row, point in zip(preferences.tolist(), points.tolist(), strict=True)
    )
    assert gain_over_pretrained(points, preferences=preferences) == pytest.approx(slow / 9)


@pytest.mark.parametrize(("level", "sign"), [(0.5, 1), (1.0, 0), (1.5, -1)])
def test_its_sign_says_whether_merging_pays(level: float, sign: int) -> None:
    points = np.full((3, 2), level)
    preferences = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    assert np.sign(gain_over_pretrained(points, preferences=preferences)) == sign


def test_experts_at_the_corners_gain_all() -> None:
    assert gain_over_pretrained(1 - np.eye(3), preferences=np.eye(3)) == 1.0


def test_no_points_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least one row"):
        gain_over_pretrained(np.empty((0, 2)), preferences=np.empty((0, 2)))
