import numpy as np
import pytest

from fusefront.problems.base import Anchors


def make_anchors(expert: float = 0.9) -> Anchors:
    return Anchors(
        pretrained=np.array([0.5, 0.6]),
        experts=np.array([[expert, 0.4], [0.3, 0.8]]),
        average=None,
        pretrained_loss=np.ones(2),
        experts_loss=np.ones((2, 2)),
        average_loss=None,
        n=np.array([100, 400]),
    )


def test_objective_is_0_at_the_expert_and_1_at_the_pretrained_model() -> None:
    anchors = make_anchors()
    np.testing.assert_allclose(anchors.objectives(anchors.expert), 0)
    np.testing.assert_allclose(anchors.objectives(anchors.pretrained), 1)
    np.testing.assert_allclose(anchors.objectives(np.array([0.7, 0.9])), [0.5, -0.5])


def test_objectives_of_many_models_are_rows() -> None:
    anchors = make_anchors()
    np.testing.assert_allclose(anchors.objectives(anchors.experts).diagonal(), 0)


def test_resolution_counts_standard_errors_of_the_expert() -> None:
    assert make_anchors().resolution == pytest.approx([0.4 / 0.03, 0.2 / 0.02])


def test_resolution_of_a_perfect_expert_is_finite() -> None:
    assert make_anchors(expert=1.0).resolution[0] == pytest.approx(50)
