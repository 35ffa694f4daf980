import numpy as np
import pytest

from fusefront.problems.base import Anchors
from fusefront.problems.hub.family import is_reproduced, reproduction


def anchors(expert: float, pretrained: float, n: int) -> Anchors:
    experts = np.array([[expert, 0.5], [0.5, 0.783]])
    return Anchors(
        pretrained=np.array([pretrained, 0.598]),
        experts=experts,
        average=None,
        pretrained_loss=np.zeros(2),
        experts_loss=np.zeros((2, 2)),
        average_loss=None,
        n=np.array([n, 8_041]),
    )


def test_published_accuracies_are_reproduced() -> None:
    first, second = reproduction("clip-vit-b32", ("sun397", "cars"), anchors(0.75, 0.632, 19_850))
    assert first.endswith(
        "expert reproduced (75.0, published 75.0), pretrained reproduced (63.2, published 63.2)"
    )
    assert "cars on 8,041 examples" in second
    assert "off by" not in second


def test_a_difference_of_a_point_is_reported() -> None:
    line, _ = reproduction("clip-vit-b32", ("sun397", "cars"), anchors(0.735, 0.65, 19_850))
    assert "expert off by -1.5 (73.5, published 75.0)" in line
    assert "pretrained off by +1.8" in line


@pytest.mark.parametrize(
    ("found", "known", "n", "agrees"),
    [
        (75.5, 75.0, 10**6, True),
        (75.6, 75.0, 10**6, False),
        (70.0, 75.0, 1_000, False),
        (71.0, 75.0, 1_000, True),
    ],
)
def test_tolerance_is_half_a_point_or_three_errors(
    found: float, known: float, n: int, agrees: bool
) -> None:
    assert is_reproduced(found, known, n) is agrees
